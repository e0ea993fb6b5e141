/* mode.c - the word that says what a function's calls come to: its parts, and how it returns at its time. */
#include <criterion/criterion.h>

#include "unit.h"

#include "runtime/registry/mode.h"
#include "runtime/registry/region.h"
#include "base/clock.h"

#define MS NS_PER_MS

SWR_STATIC_CACHED(int, twice, (SWR_VAL(int, n)))
{
    return 2 * n;
}

static struct function f;

static void begin(void)
{
    clock_start(true);
    clock_advance(500 * MS + 300); /* amid a millisecond */
    f = (struct function){.site = SITE(twice), .shape = SHAPE(twice), .number = 1};
}

static struct mode_wish wish(enum function_mode kind, uint32_t percent, uint64_t span)
{
    return (struct mode_wish){kind, percent, span};
}

static void expect_mode(enum function_mode kind, uint32_t percent, const char *source)
{
    char text[80];
    uint64_t word = mode_of(&f);
    mode_source(&f, text, sizeof text);
    cr_expect_eq(mode_kind(word), kind, "%s, %s", mode_names[mode_kind(word)], source);
    cr_expect_eq(mode_percent(word), percent, "%u, %s", mode_percent(word), source);
    cr_expect_str_eq(text, source);
}

Test(mode_word, zero_is_plainly_on)
{
    cr_assert_eq(mode_kind(0), FUNCTION_ON);
    cr_assert_eq(mode_percent(0), 100);
    cr_assert_eq(mode_then(0), 0);
}

/* Every mode and percentage, now and then, under a time that has all its bits. */
Test(mode_word, parts_do_not_touch)
{
    for (uint64_t kind = FUNCTION_ON; kind <= FUNCTION_OBSERVE; kind++)
        for (uint64_t percent = 1; percent <= MODE_ALL; percent++) {
            uint64_t now = (MODE_ALL - percent) << 2 | kind, then = MODE_NOW ^ now;
            uint64_t word = UINT64_MAX << MODE_RETURN | then << MODE_PART | now;
            cr_assert_eq(mode_kind(word), kind);
            cr_assert_eq(mode_percent(word), percent);
            cr_assert_eq(mode_then(word), then);
        }
}

Test(mode_word, names_are_read_as_written)
{
    static const char *const none[] = {"", "ON", "o", "onn", "unset", "off ", " off"};
    enum function_mode kind;
    for (int i = 0; mode_names[i] != NULL; i++) {
        kind = FUNCTION_OBSERVE + 1;
        cr_expect(mode_named(mode_names[i], &kind) && (int)kind == i, "%s", mode_names[i]);
    }
    cr_assert(mode_named("shadow", &kind) && kind == FUNCTION_SHADOW);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_expect_not(mode_named(none[i], &kind), "%s", none[i]);
    cr_assert_eq(kind, FUNCTION_SHADOW, "left alone");
}

Test(mode_word, percent_is_from_1_to_100)
{
    static const char *const none[] = {"0", "101", "", "5%", "-1", "inf", "1.5", "18446744073709551617"};
    uint64_t percent;
    cr_assert(mode_percent_of("1", &percent) && percent == 1);
    cr_assert(mode_percent_of("100", &percent) && percent == 100);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_expect_not(mode_percent_of(none[i], &percent), "%s", none[i]);
}

Test(mode, returns_at_its_time)
{
    begin();
    mode_set(&f, &(struct mode_wish){FUNCTION_ON, 40, CLOCK_NEVER});
    uint64_t stays = mode_of(&f);
    mode_set(&f, &(struct mode_wish){FUNCTION_OFF, 100, 10 * MS});
    cr_assert_eq(mode_left(mode_of(&f)), 10);
    clock_advance(10 * MS - 301); /* its end is in whole milliseconds */
    expect_mode(FUNCTION_OFF, 100, "set");
    cr_assert_eq(mode_left(mode_of(&f)), 1);
    clock_advance(1);
    cr_assert_eq(mode_of(&f), stays);
    cr_assert_eq(atomic_load(&f.mode), stays, "it is put in force by who looks");
    cr_assert_eq(mode_left(mode_of(&f)), 0);
    expect_mode(FUNCTION_ON, 40, "set");
}

Test(mode, returns_with_its_source)
{
    begin();
    mode_set(&f, &(struct mode_wish){FUNCTION_OFF, 100, 10 * MS});
    expect_mode(FUNCTION_OFF, 100, "set");
    clock_advance(1000 * MS);
    expect_mode(FUNCTION_ON, 100, "default");
    cr_assert_eq(atomic_load(&f.mode), 0);
}

/* What comes for a while covers the one that stays, not another that was to pass. */
Test(mode, for_a_while_twice_returns_to_what_stays)
{
    begin();
    mode_set(&f, &(struct mode_wish){FUNCTION_OFF, 100, 10 * MS});
    mode_set(&f, &(struct mode_wish){FUNCTION_ON, 7, 20 * MS});
    clock_advance(15 * MS);
    expect_mode(FUNCTION_ON, 7, "set");
    clock_advance(10 * MS);
    expect_mode(FUNCTION_ON, 100, "default");
}

Test(mode, seen_late_by_one_is_settled_once)
{
    begin();
    mode_set(&f, &(struct mode_wish){FUNCTION_OFF, 100, 10 * MS});
    uint64_t late = atomic_load(&f.mode);
    clock_advance(20 * MS);
    mode_set(&f, &(struct mode_wish){FUNCTION_ON, 3, CLOCK_NEVER});
    cr_assert_eq(mode_percent(mode_settle(&f, late)), 3, "who has the old word gets the new one");
    cr_assert_eq(mode_settle(&f, late), atomic_load(&f.mode));
    expect_mode(FUNCTION_ON, 3, "set");
}

Test(mode, for_ever_stays_and_for_centuries_too)
{
    const uint64_t spans[] = {CLOCK_NEVER, CLOCK_NEVER - 1};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        begin();
        struct mode_wish w = wish(FUNCTION_OFF, 100, spans[i]);
        mode_set(&f, &w);
        cr_expect_eq(atomic_load(&f.mode) >> MODE_RETURN == 0, spans[i] == CLOCK_NEVER);
        clock_advance(UINT64_C(200) * 365 * 86400 * 1000 * MS);
        expect_mode(FUNCTION_OFF, 100, "set");
    }
}

/* Functions that are learnt of later begin by it, while it lasts. */
Test(mode, for_all_is_for_those_to_come)
{
    begin();
    struct mode_wish w = wish(FUNCTION_OFF, 60, 10 * MS);
    cr_assert_eq(mode_set_all(NULL, &w), 0, "there are none yet");
    mode_begin(&f);
    expect_mode(FUNCTION_OFF, 60, "set");
    clock_advance(10 * MS);
    expect_mode(FUNCTION_ON, 100, "default");
    begin();
    clock_advance(10 * MS);
    mode_begin(&f);
    expect_mode(FUNCTION_ON, 100, "default");
}

Test(mode, of_the_innermost_region_counts)
{
    begin();
    struct mode_wish all = wish(FUNCTION_OFF, 100, CLOCK_NEVER), shop = wish(FUNCTION_ON, 20, CLOCK_NEVER);
    mode_set_all(NULL, &all);
    mode_set_all(region_of("shop", true), &shop);
    f.region = region_of("shop.stock", true);
    mode_begin(&f);
    expect_mode(FUNCTION_ON, 20, "set");
    mode_unset_all(region_of("shop", false));
    mode_unset(&f);
    expect_mode(FUNCTION_OFF, 100, "set");
    mode_unset_all(NULL);
    mode_unset(&f);
    expect_mode(FUNCTION_ON, 100, "default");
}

Test(mode, shadow_ends_when_too_many_of_the_last_answers_are_wrong)
{
    const struct {
        uint64_t percent;
        uint32_t right, wrong;
        bool over;
    } cases[] = {{50, 0, MODE_WINDOW - 1, false},
                 {50, 0, MODE_WINDOW, true},
                 {50, 16, 16, false},
                 {50, 15, 17, true},
                 {50, 1000, 16, false},
                 {50, 1000, 17, true},
                 {1, 1000, 0, false},
                 {1, 1000, 1, true},
                 {1, MODE_WINDOW - 2, 1, false},
                 {100, 0, 1000, false},
                 {99, 10, MODE_WINDOW, true},
                 {99, 10, MODE_WINDOW - 1, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned compared, all = cases[i].right + cases[i].wrong;
        bool over = false;
        begin();
        struct mode_wish w = wish(FUNCTION_SHADOW, 100, CLOCK_NEVER);
        mode_set(&f, &w);
        atomic_store(&f.settings.shadow_pct, cases[i].percent);
        for (uint32_t n = 0; n < cases[i].right; n++)
            cr_expect_not(mode_compared(&f, false));
        for (uint32_t n = 0; n < cases[i].wrong; n++) {
            cr_expect_not(over, "it ends once, case %zu", i);
            over = mode_compared(&f, true);
        }
        cr_expect_eq(over, cases[i].over, "case %zu", i);
        cr_expect_eq(mode_stopped(&f), over);
        cr_expect_eq(mode_kind(mode_of(&f)), over ? FUNCTION_OFF : FUNCTION_SHADOW, "case %zu", i);
        cr_expect_eq(mode_wrong(&f, &compared),
                     cases[i].wrong < MODE_WINDOW ? cases[i].wrong : (uint32_t)MODE_WINDOW, "case %zu", i);
        cr_expect_eq(compared, all < MODE_WINDOW ? all : (unsigned)MODE_WINDOW, "case %zu", i);
        if (over)
            expect_mode(FUNCTION_OFF, 100, "shadow");
    }
}

/* Of a burst one counts: a change is no more than half of the last, if answers do not live for long. */
Test(mode, of_what_is_compared_one_in_a_while_counts)
{
    const struct {
        uint64_t ttl, span;
    } cases[] = {
        {0, MODE_FASTEST}, {300 * MS, MODE_FASTEST}, {3200 * MS, 200 * MS}, {CLOCK_NEVER, MODE_SLOWEST}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        clock_advance(1000 * MS);
        atomic_store(&f.settings.ttl, cases[i].ttl);
        cr_expect(mode_counts(&f, clock_now()));
        clock_advance(cases[i].span - 1);
        cr_expect_not(mode_counts(&f, clock_now()), "case %zu", i);
        clock_advance(1);
        cr_expect(mode_counts(&f, clock_now()), "case %zu", i);
        cr_expect_not(mode_counts(&f, clock_now()));
    }
}

Test(mode, stops_only_in_shadow)
{
    begin();
    cr_assert_not(mode_stop(&f));
    expect_mode(FUNCTION_ON, 100, "default");
}

/* Some per cent of the keys, always the same ones, and with more per cent none of them leaves. */
Test(mode, takes_so_many_of_the_keys)
{
    begin();
    for (uint32_t percent = 1; percent <= MODE_ALL; percent += 33) {
        uint32_t taken = 0;
        for (int n = 0; n < 2000; n++) {
            const struct swrcache_arg args[] = {VAL(n)};
            uint64_t word = (uint64_t)(MODE_ALL - percent) << 2;
            struct packed p;
            cr_assert(pack(&p, &f.shape, args));
            bool takes = mode_takes(&f, word, args);
            cr_assert_eq(takes, mode_takes_key(&f, word, &p.key) || percent == MODE_ALL);
            cr_assert(!takes || mode_takes(&f, 0, args));
            taken += takes;
        }
        cr_expect(taken + 15 >= percent * 17 && taken <= percent * 23 + 15, "%u of 2000 at %u", taken,
                  percent);
    }
}
