/* dependency.c - what a computation stands on, as it gathers, and who is reached by what is done to it. */
#include <criterion/criterion.h>

#include "unit.h"

#include "runtime/compute/dependents.h"
#include "core/fence.h"
#include "base/clock.h"

static struct mark_name tags[2];
static struct function f = {.number = 7}, inner = {.number = 8}, other = {.number = 9};

/* Names mean functions by their numbers. */
__attribute__((constructor)) static void add_functions(void)
{
    function_learn();
    function_add(&f);
    function_add(&inner);
    function_add(&other);
    function_learnt();
}

static struct key key_of(uint64_t hash)
{
    return (struct key){hash, 8, (const unsigned char *)"whatever"};
}

static struct flight *open(uint64_t hash)
{
    struct key key = key_of(hash);
    struct flight *fl = flight_open(&f, 1, &key, false);
    cr_assert_not_null(fl);
    return fl;
}

static void close_flight(struct flight *fl)
{
    flight_unlist(fl);
    flight_unref(fl);
}

static const struct mark_name *name_of(const struct flight *fl, uint64_t id)
{
    const struct mark_name *found = NULL;
    for (uint32_t i = 0; i < fl->nnames; i++)
        if (fl->names[i].id == id) {
            cr_assert_null(found, "each name once");
            found = &fl->names[i];
        }
    return found;
}

static bool has(const struct flight *fl, struct mark_name name)
{
    return name_of(fl, name.id) != NULL;
}

static void call(struct flight *fl, struct function *of, uint64_t hash)
{
    struct key key = key_of(hash);
    dependencies_call(fl, of, &key);
}

/* In no table; its key's hash is `hash`. */
static struct entry *entry(uint64_t hash, const char *value, const struct mark_name *names, uint32_t count)
{
    struct key key = {hash, sizeof hash, (const unsigned char *)&hash};
    size_t len = strlen(value);
    struct entry *e =
        entry_new(&key, 1, len + sizeof hash, (struct entry_extra){.marks_len = mark_room(names, count)});
    cr_assert_not_null(e);
    entry_hash = chosen_hash;
    memcpy(entry_value(e), value, len);
    memcpy(entry_value(e) + len, &hash, sizeof hash);
    mark_fill(e, names, count);
    return e;
}

Test(dependency, tags_gather_once)
{
    struct flight *fl = open(1);
    char text[] = "user:42";
    cr_assert_eq(atomic_load(&flights_named), 0);
    dependencies_tag(fl, text);
    dependencies_tag(fl, "user:43");
    dependencies_tag(fl, "user:42");
    dependencies_tag(fl, "");
    text[0] = 'X';
    cr_assert_eq(fl->nnames, 3);
    cr_assert_eq(fl->nkeys, 0);
    cr_assert_str_eq(name_of(fl, mark_tag("user:42").id)->text, "user:42", "a copy");
    cr_assert(has(fl, mark_tag("")));
    cr_assert_eq(fl->unnamed, NAMED);
    cr_assert_eq(atomic_load(&flights_named), 1);
    close_flight(fl);
    cr_assert_eq(atomic_load(&flights_named), 0);
}

Test(dependency, of_a_call_are_its_key_its_function_and_its_tags)
{
    struct flight *fl = open(1);
    tags[0] = mark_tag("people");
    tags[1] = mark_tag("pages");
    inner.tags = tags;
    inner.ntags = 2;
    cr_assert_not(atomic_load(&inner.inner));
    call(fl, &inner, 100);
    call(fl, &inner, 100);
    call(fl, &inner, 101);
    cr_assert(atomic_load(&inner.inner), "somebody stands on it");
    cr_assert(has(fl, mark_key(8, 100)) && has(fl, mark_key(8, 101)) && has(fl, mark_whole(8)));
    cr_assert(has(fl, tags[0]) && has(fl, tags[1]));
    cr_assert_eq(fl->nnames, 5);
    cr_assert_eq(fl->nkeys, 2);
    close_flight(fl);
}

Test(dependency, of_its_own_key_is_none)
{
    struct flight *fl = open(1);
    call(fl, &f, 1);
    cr_assert_eq(fl->nnames, 0);
    cr_assert_not(atomic_load(&f.inner));
    call(fl, &f, 2);
    cr_assert(has(fl, mark_key(7, 2)), "another key of the same function is one");
    close_flight(fl);
}

Test(dependency, of_a_function_that_has_none_is_not_bound)
{
    struct entry *e = entry(100, "value", NULL, 0);
    f.annotated.dependencies = SWR_DEPENDENCIES_OFF;
    struct flight *fl = open(1), *below = open(2);
    entry_set_fresh_until(e, 500 * NS_PER_MS);
    dependencies_tag(below, "t");
    call(fl, &inner, 100);
    dependencies_saw(fl, &inner, e);
    dependencies_took(fl, below);
    cr_assert_eq(fl->nnames, 0);
    cr_assert_eq(fl->fresh_cap, CLOCK_NEVER);
    cr_assert_not(atomic_load(&inner.inner));
    dependencies_tag(fl, "t");
    cr_assert_eq(fl->nnames, 1, "what its body says of itself counts");
    close_flight(fl);
    close_flight(below);
    entry_free(e);
}

Test(dependency, of_what_was_seen_has_its_digest_its_marks_and_its_end)
{
    struct mark_name below[] = {mark_tag("deep"), mark_key(9, 300)};
    struct entry *e = entry(100, "value", below, 2), *later = entry(101, "value", NULL, 0);
    struct flight *fl = open(1);
    entry_set_fresh_until(e, 500 * NS_PER_MS);
    entry_set_fresh_until(later, 900 * NS_PER_MS);
    call(fl, &inner, 100);
    cr_assert_eq(name_of(fl, mark_key(8, 100).id)->digest, 0, "not known yet");
    dependencies_saw(fl, &inner, e);
    cr_assert_eq(name_of(fl, mark_key(8, 100).id)->digest, dependencies_digest(e));
    cr_assert(has(fl, below[0]) && has(fl, below[1]));
    cr_assert_eq(fl->fresh_cap, entry_fresh_until(e));
    dependencies_saw(fl, &inner, later);
    cr_assert_eq(fl->fresh_cap, entry_fresh_until(e), "the earliest of them");
    call(fl, &inner, 100);
    cr_assert_eq(name_of(fl, mark_key(8, 100).id)->digest, dependencies_digest(e), "a later look keeps it");
    close_flight(fl);
    entry_free(e);
    entry_free(later);
}

Test(dependency, digest_is_of_the_value)
{
    struct entry *a = entry(1, "value", NULL, 0), *b = entry(1, "value", NULL, 0),
                 *c = entry(1, "valuf", NULL, 0);
    uint64_t digest = dependencies_digest(a);
    cr_assert_neq(digest, 0);
    cr_assert_eq(dependencies_digest(b), digest);
    cr_assert_neq(dependencies_digest(c), digest);
    entry_set_fresh_until(b, 12345);
    entry_flag(b, ENTRY_RECORDED);
    cr_assert_eq(dependencies_digest(b), digest, "its age is none of it");
    entry_flag(b, ENTRY_NULL);
    cr_assert_neq(dependencies_digest(b), digest, "NULL is another value");
    entry_flag(a, ENTRY_FAILED);
    cr_assert_neq(dependencies_digest(a), digest, "so is a failure");
    entry_free(a);
    entry_free(b);
    entry_free(c);
}

Test(dependency, of_too_many_keys_is_the_whole_function)
{
    struct flight *fl = open(1);
    call(fl, &other, 5);
    for (uint64_t i = 0; i < FLIGHT_KEYS - 1; i++)
        call(fl, &inner, 100 + i);
    cr_assert_eq(fl->nkeys, FLIGHT_KEYS);
    cr_assert_not(has(fl, mark_any(8)));
    call(fl, &inner, 100);
    cr_assert_not(has(fl, mark_any(8)), "that one is known");
    call(fl, &inner, 999);
    cr_assert(has(fl, mark_any(8)) && has(fl, mark_whole(8)));
    for (uint64_t i = 0; i < FLIGHT_KEYS - 1; i++)
        cr_assert_not(has(fl, mark_key(8, 100 + i)));
    cr_assert_not(has(fl, mark_key(8, 999)));
    cr_assert(has(fl, mark_key(9, 5)) && has(fl, mark_whole(9)), "another function's stay");
    cr_assert_eq(fl->nkeys, 1);
    call(fl, &inner, 100);
    cr_assert_eq(fl->nkeys, 1, "it counts as a whole from now on");
    call(fl, &other, 6);
    cr_assert_eq(fl->nkeys, 2);
    cr_assert_eq(fl->unnamed, NAMED);
    close_flight(fl);
}

/* What could not be found by all its names is not stored; the first reason is told. */
Test(dependency, of_too_many_names_is_not_kept)
{
    struct flight *fl = open(1);
    char text[24];
    for (uint32_t i = 0; i < FLIGHT_NAMES; i++) {
        snprintf(text, sizeof text, "tag %u", i);
        dependencies_tag(fl, text);
    }
    cr_assert_eq(fl->nnames, FLIGHT_NAMES);
    cr_assert_eq(fl->unnamed, NAMED);
    dependencies_tag(fl, "tag 0");
    cr_assert_eq(fl->unnamed, NAMED, "it has that one");
    dependencies_tag(fl, "one more");
    cr_assert_eq(fl->unnamed, UNNAMED_TOO_MANY);
    cr_assert_eq(fl->nnames, FLIGHT_NAMES);
    dependencies_tag_bad(fl);
    cr_assert_eq(fl->unnamed, UNNAMED_TOO_MANY);
    close_flight(fl);
}

Test(dependency, of_what_was_computed_on_the_way_is_its_callers)
{
    struct flight *outer = open(1), *below = open(2);
    dependencies_tag(outer, "mine");
    dependencies_tag(below, "deep");
    dependencies_tag_bad(below);
    call(below, &inner, 100);
    below->fresh_cap = 500;
    dependencies_took(outer, below);
    cr_assert(has(outer, mark_tag("mine")) && has(outer, mark_tag("deep")) && has(outer, mark_key(8, 100)));
    cr_assert_eq(outer->fresh_cap, 500);
    cr_assert_eq(outer->unnamed, UNNAMED_BAD, "what it stands on may have other names");
    close_flight(below);
    cr_assert_str_eq(name_of(outer, mark_tag("deep").id)->text, "deep", "a copy");
    close_flight(outer);
}

Test(dependency, names_of_a_result_have_its_functions_tags)
{
    struct flight *fl = open(1);
    uint32_t count = 7;
    cr_assert_null(dependencies_names(&f, fl, &count));
    cr_assert_eq(count, 0);
    tags[0] = mark_tag("people");
    f.tags = tags;
    f.ntags = 1;
    dependencies_tag(fl, "user:42");
    struct mark_name *names = dependencies_names(&f, fl, &count);
    cr_assert_eq(count, 2);
    cr_assert_eq(names[0].id, mark_tag("user:42").id);
    cr_assert_eq(names[1].id, tags[0].id);
    dependencies_free_names(names);
    close_flight(fl);
}

Test(dependency, is_checked_from_its_beginning_on)
{
    struct mark_name of_key = mark_key(8, 100), tag = mark_tag("t"), names[] = {of_key, tag};
    const struct {
        bool tag, key; /* invalidated while it ran */
        uint64_t seen, now;
        bool fenced, expired;
    } cases[] = {
        {false, false, 5, 5, false, false}, {false, false, 5, 6, false, true},
        {false, false, 5, 0, false, true},  {false, false, 0, 6, false, false},
        {true, false, 5, 5, true, false},   {false, true, 5, 5, true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fence_raise(of_key.id);
        fence_changed(of_key.id, 99);
        struct flight *fl = open(1);
        dependencies_check(fl, names, 2);
        cr_expect(!fl->fenced && !fl->expired && fl->outdated == 0, "case %zu: that was before", i);
        names[0].digest = cases[i].seen;
        fence_changed(of_key.id, cases[i].now);
        if (cases[i].tag)
            fence_raise(tag.id);
        if (cases[i].key)
            fence_raise(of_key.id);
        uint64_t raised = fence_now();
        dependencies_check(fl, names, 2);
        cr_expect_eq(fl->fenced, cases[i].fenced, "case %zu", i);
        cr_expect_eq(fl->expired, cases[i].expired, "case %zu", i);
        cr_expect_eq(fl->outdated, cases[i].fenced ? raised : 0, "case %zu", i);
        close_flight(fl);
    }
}

static bool gathered(const struct ripple *r, struct mark_name name)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->ids[i] == name.id)
            return true;
    return false;
}

Test(ripple, gathers_only_of_those_that_somebody_stands_on)
{
    struct ripple r = {.operation = SWRCACHE_OP_INVALIDATE};
    ripple_key(&r, &inner, 100);
    ripple_whole(&r, &inner);
    cr_assert_eq(r.count, 0);
    atomic_store(&inner.inner, true);
    for (uint64_t i = 0; i < 40; i++)
        ripple_key(&r, &inner, 100 + i);
    for (uint64_t i = 0; i < 40; i++)
        cr_assert(gathered(&r, mark_key(8, 100 + i)));
    cr_assert(gathered(&r, mark_any(8)), "and those for whom it counts as a whole");
    cr_assert_not(gathered(&r, mark_whole(8)));
    ripple_whole(&r, &inner);
    cr_assert(gathered(&r, mark_whole(8)));
    cr_assert_eq(r.direct, 0);
    ripple_tag(&r, "t");
    cr_assert_eq(r.ids[r.count - 1], mark_tag("t").id);
    cr_assert_eq(r.direct, r.count);
    cr_assert_not(r.lost);
    cr_assert_eq(ripple_run(&r), 0);
    cr_assert(r.ids == NULL && r.count == 0);
}

/* Of what is being computed there is no entry to be found: its flight is fenced, and who stands on it. */
Test(ripple, fences_what_is_being_computed)
{
    struct flight *tagged = open(1), *on_it = open(2), *apart = open(3);
    struct ripple r = {.operation = SWRCACHE_OP_INVALIDATE};
    dependencies_tag(tagged, "t");
    call(on_it, &f, 1);
    dependencies_tag(apart, "u");
    ripple_tag(&r, "t");
    ripple_run(&r);
    cr_assert(tagged->fenced && on_it->fenced && !apart->fenced);
    struct flight *later = open(4);
    dependencies_tag(later, "t");
    ripple_tag(&r, "u");
    ripple_run(&r);
    cr_assert(apart->fenced && !later->fenced, "that began after the tag was invalidated");
}

Test(ripple, reaches_a_functions_own_tags_while_it_is_computed)
{
    tags[0] = mark_tag("people");
    f.tags = tags;
    f.ntags = 1;
    struct flight *fl = open(1);
    struct ripple r = {.operation = SWRCACHE_OP_INVALIDATE};
    ripple_tag(&r, "people");
    ripple_run(&r);
    cr_assert(fl->fenced, "though they are written down at its end only");
}

static size_t times_in(const struct ripple *r, uint64_t id)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        n += r->ids[i] == id;
    return n;
}

/* Whoever stands on so many keys of a function that any counts is walked to once for all of them. */
Test(dependency, any_key_is_gathered_once)
{
    struct ripple r = {.operation = SWRCACHE_OP_EXPIRE};
    uint64_t any = mark_any(inner.number).id, of_other = mark_any(other.number).id;
    atomic_store(&inner.inner, true);
    atomic_store(&other.inner, true);
    for (uint64_t hash = 0; hash < 100; hash++) {
        ripple_key(&r, &inner, hash);
        ripple_key(&r, &other, hash);
    }
    ripple_whole(&r, &inner);
    cr_assert_eq(times_in(&r, any), 1);
    cr_assert_eq(times_in(&r, of_other), 1);
    cr_assert_eq(r.count, 203);
    /* What is done once that has begun is not in it. */
    r.begun = 2;
    cr_assert_eq(r.ids[1], any);
    ripple_key(&r, &inner, 100);
    ripple_key(&r, &inner, 101);
    ripple_key(&r, &other, 100);
    cr_assert_eq(times_in(&r, any), 2);
    cr_assert_eq(times_in(&r, of_other), 1);
    r.begun = r.count;
    ripple_key(&r, &other, 101);
    cr_assert_eq(times_in(&r, of_other), 2);
    os_free(r.ids);
}
