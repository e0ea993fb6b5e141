/* verdict.c - whether a result is stored, and the one reason that is told if it is not. */
#include <criterion/criterion.h>

#include "unit.h"

#include "runtime/cache/verdict.h"

/* In this order the first that holds is told. */
Test(verdict, tells_the_first_reason)
{
    const struct ended good = {.made = true, .linked = true, .fits = true};
    struct ended x = good;
    cr_assert_eq(verdict_of(&x), VERDICT_STORED);
    x.linked = false;
    cr_assert_eq(verdict_of(&x), VERDICT_NO_MEMORY);
    x.older = true;
    cr_assert_eq(verdict_of(&x), VERDICT_OLDER);
    x.fits = false;
    cr_assert_eq(verdict_of(&x), VERDICT_TOO_LARGE);
    x.made = false;
    cr_assert_eq(verdict_of(&x), VERDICT_NO_MEMORY, "of what is not there nobody knows whether it fits");
    x.unnamed = true;
    cr_assert_eq(verdict_of(&x), VERDICT_UNNAMED);
    x.skipped = true;
    cr_assert_eq(verdict_of(&x), VERDICT_SKIPPED);
    x.crowded = true;
    cr_assert_eq(verdict_of(&x), VERDICT_CROWDED);
    x.failed = true;
    cr_assert_eq(verdict_of(&x), VERDICT_FAILED);
    x.raised = true;
    cr_assert_eq(verdict_of(&x), VERDICT_RAISED);
    x.fenced = true;
    cr_assert_eq(verdict_of(&x), VERDICT_FENCED);
}

Test(verdict, of_a_failure_never_takes_a_values_place)
{
    struct ended x = {.made = true, .linked = true, .fits = true, .failed = true};
    cr_assert_eq(verdict_of(&x), VERDICT_STORED, "a remembered failure");
    x.good = true;
    cr_assert_eq(verdict_of(&x), VERDICT_FAILED);
    x.good = false;
    x.forgetting = true;
    cr_assert_eq(verdict_of(&x), VERDICT_FAILED);
    x.failed = false;
    x.good = true;
    cr_assert_eq(verdict_of(&x), VERDICT_STORED,
                 "a value does, whatever is there and however failures are kept");
}

/* All that can be known: stored when nothing is against it, and only then. */
Test(verdict, stores_only_what_nothing_is_against)
{
    unsigned stored = 0;
    for (unsigned bits = 0; bits < 1 << 13; bits++) {
        struct ended x = {.made = bits & 1,
                          .linked = bits & 2,
                          .fits = bits & 4,
                          .failed = bits & 8,
                          .fenced = bits & 16,
                          .raised = bits & 32,
                          .skipped = bits & 64,
                          .unnamed = bits & 128,
                          .good = bits & 256,
                          .older = bits & 512,
                          .forgetting = bits & 1024,
                          .too_many = bits & 2048,
                          .clogged = bits & 4096};
        bool against = !x.made || !x.linked || !x.fits || x.fenced || x.raised || x.skipped || x.unnamed ||
                       x.too_many || x.clogged || x.older || (x.failed && (x.good || x.forgetting));
        enum verdict v = verdict_of(&x);
        stored += v == VERDICT_STORED;
        cr_assert_eq(v == VERDICT_STORED, !against, "%#x", bits);
        cr_assert(v < VERDICTS);
        if (against && x.failed && !x.fenced && !x.raised)
            cr_assert_eq(v, VERDICT_FAILED, "%#x", bits);
    }
    cr_assert_eq(stored, 5, "four of a value, one of a failure");
}

Test(verdict, is_noted_where_nothing_else_notes_it)
{
    cr_assert_eq(verdict_noted(VERDICT_STORED), 0);
    cr_assert_eq(verdict_noted(VERDICT_FENCED), 0, "whoever fenced it did");
    cr_assert_eq(verdict_noted(VERDICT_OLDER), 0, "nothing befell the key");
    cr_assert_eq(verdict_noted(VERDICT_RAISED), HISTORY_FENCED);
    cr_assert_eq(verdict_noted(VERDICT_FAILED), HISTORY_FAILED);
    cr_assert_eq(verdict_noted(VERDICT_SKIPPED), HISTORY_SKIPPED);
    cr_assert_eq(verdict_noted(VERDICT_CROWDED), HISTORY_CROWDED);
    cr_assert_eq(verdict_noted(VERDICT_UNNAMED), HISTORY_UNNAMED);
    cr_assert_eq(verdict_noted(VERDICT_TOO_LARGE), HISTORY_TOO_LARGE);
    cr_assert_eq(verdict_noted(VERDICT_NO_MEMORY), HISTORY_NO_ROOM);
}
