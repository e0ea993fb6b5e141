/* flight.c - computations under way: who finds them, for how long, and what becomes of them. */
#include <criterion/criterion.h>

#include "unit.h"

#include "runtime/cache/lease.h"
#include "runtime/compute/flight.h"
#include "base/clock.h"

enum { ID = 77, OTHER_ID };

static struct function f = {.number = 7};

static struct key key_of(const char *text)
{
    return (struct key){5, strlen(text), (const unsigned char *)text};
}

static struct flight *open(const char *text)
{
    struct key key = key_of(text);
    struct flight *fl = flight_open(&f, ID, &key, false);
    cr_assert_not_null(fl);
    return fl;
}

static struct flight *find(const char *text)
{
    struct key key = key_of(text);
    return flight_find(ID, &key);
}

static void end(struct flight *fl)
{
    flight_unlist(fl);
    flight_unref(fl);
}

static void count(struct flight *fl, void *cookie)
{
    (void)fl;
    ++*(uint32_t *)cookie;
}

static uint32_t listed(void)
{
    uint32_t all = 0, of_shard = 0;
    flight_each(count, &all);
    flight_visit(table_shard_of(5), count, &of_shard);
    cr_assert_eq(all, of_shard, "all of these are of one shard");
    return all;
}

Test(flight, is_found_by_its_whole_key)
{
    struct flight *a = open("alpha"), *b = open("alphb"), *c = open("alph"), *none = open("");
    struct key odd = key_of("alpha");
    cr_assert_eq(find("alpha"), a);
    cr_assert_eq(find("alphb"), b);
    cr_assert_eq(find("alph"), c);
    cr_assert_eq(find(""), none);
    cr_assert_null(find("alphaa"));
    cr_assert_null(flight_find(OTHER_ID, &odd), "of another function, or generation");
    odd.hash += TABLE_SHARDS;
    cr_assert_null(flight_find(ID, &odd));
    cr_assert_neq(a->key.bytes, odd.bytes, "its key is a copy");
    cr_assert_eq(listed(), 4);
    flight_unlist(b);
    flight_unlist(b);
    cr_assert_null(find("alphb"));
    cr_assert_eq(find("alpha"), a);
    cr_assert_eq(find("alph"), c);
    cr_assert_eq(listed(), 3);
    struct flight *all[] = {a, b, c, none};
    for (size_t i = 0; i < 4; i++)
        end(all[i]);
    cr_assert_eq(listed(), 0);
}

Test(flight, begins_with_nothing_said)
{
    clock_start(true);
    struct key key = key_of("k");
    clock_advance(5);
    struct flight *fl = flight_open(&f, ID, &key, true), *beside = flight_beside(&f, ID, &key);
    cr_assert(fl->refresh && fl->listed && !fl->fenced && !fl->expired && !fl->skip && !fl->failed);
    cr_assert_eq(fl->started, clock_now());
    cr_assert_eq(fl->fresh_cap, CLOCK_NEVER);
    cr_assert_eq(fl->ttl_ms, SWRCACHE_UNSET);
    cr_assert_eq(fl->stale_ms, SWRCACHE_UNSET);
    cr_assert_eq(atomic_load(&fl->state), FLIGHT_RUNNING);
    cr_assert_eq(atomic_load(&fl->refs), 1);
    cr_assert_null(atomic_load(&fl->owner), "queued: nobody's yet");
    cr_assert(beside->listed && beside->beside && !beside->refresh);
    cr_assert_eq(listed(), 2);
    end(beside);
    cr_assert_eq(listed(), 1);
    end(fl);
}

/* A comparison is found by verbs alone. */
Test(flight, beside_an_answer_is_not_joined_and_fenced_with_its_key)
{
    clock_start(true);
    struct key key = key_of("k"), other = key_of("l");
    other.hash++;
    struct flight *beside = flight_beside(&f, ID, &key), *elsewhere = flight_beside(&f, ID, &other);
    cr_assert_null(flight_find(ID, &key));
    cr_assert_null(flight_live(ID, &key, clock_now()));
    struct flight *fl = flight_open(&f, ID, &key, false);
    flight_disturb(&f, key.hash);
    cr_assert(beside->fenced && !elsewhere->fenced && !fl->fenced);
    end(beside);
    end(elsewhere);
    cr_assert_eq(flight_find(ID, &key), fl);
    end(fl);
}

/* Its key was invalidated: nobody joins any more, tools still show it, and another may begin. */
Test(flight, fenced_is_shown_and_not_joined)
{
    struct flight *first = open("k");
    struct key key = key_of("k");
    first->fenced = true;
    cr_assert_null(find("k"));
    cr_assert_null(flight_live(ID, &key, first->started));
    cr_assert_eq(listed(), 1);
    struct flight *second = open("k");
    cr_assert_eq(find("k"), second);
    cr_assert_eq(listed(), 2);
    end(first);
    cr_assert_eq(find("k"), second);
    end(second);
}

Test(flight, lives_to_the_end_of_its_lease_and_is_overtaken)
{
    const uint64_t start = 1000;
    struct key key = key_of("k");
    clock_start(true);
    struct flight *fl = open("k");
    fl->started = start;
    cr_assert_eq(flight_live(ID, &key, 0), fl, "a clock that lags");
    cr_assert_eq(flight_live(ID, &key, start + LEASE_NS), fl);
    cr_assert(fl->listed && !fl->fenced);
    cr_assert_null(flight_live(ID, &key, start + LEASE_NS + 1));
    cr_assert(fl->fenced && !fl->listed, "its result is not stored");
    cr_assert_null(find("k"));
    cr_assert_eq(atomic_load(&fl->state), FLIGHT_RUNNING, "who waits goes on waiting");
    cr_assert_eq(atomic_load(&fl->refs), 1, "it stays its leader's");
    struct flight *next = open("k");
    flight_overtake(fl);
    cr_assert_eq(flight_live(ID, &key, next->started), next);
    end(fl);
    end(next);
}

/* At the end of time nothing has run for too long. */
Test(flight, lease_does_not_wrap)
{
    struct key key = key_of("k");
    struct flight *fl = open("k");
    fl->started = CLOCK_NEVER - 1;
    cr_assert_eq(flight_live(ID, &key, CLOCK_NEVER), fl);
    end(fl);
}

static struct entry *entry(void)
{
    return entry_with(1, 5, 8);
}

static uint32_t refs(struct entry *e)
{
    return atomic_load(&e->refs);
}

Test(flight, settled_holds_its_result_until_the_last_lets_go)
{
    struct entry *result = entry(), *before = entry(), *fallback = entry();
    struct flight *fl = open("k");
    cache_ref(fl->before = before);
    cache_ref(fl->fallback = fallback);
    atomic_fetch_add(&fl->refs, 2); /* two wait */
    flight_unlist(fl);
    flight_settle(fl, FLIGHT_DONE, result);
    cr_assert_eq(atomic_load(&fl->state), FLIGHT_DONE);
    cr_assert_eq(fl->result, result);
    cr_assert_eq(refs(result), 2);
    flight_unref(fl);
    flight_unref(fl);
    cr_assert_eq(refs(result), 2, "one still looks at it");
    cr_assert_eq(refs(before), 2);
    flight_unref(fl);
    cr_assert_eq(refs(result), 1);
    cr_assert_eq(refs(before), 1);
    cr_assert_eq(refs(fallback), 1);
    entry_free(result);
    entry_free(before);
    entry_free(fallback);
}

Test(flight, abandoned_has_no_result)
{
    struct flight *fl = open("k");
    atomic_fetch_add(&fl->refs, 1);
    flight_unlist(fl);
    flight_settle(fl, FLIGHT_ABANDONED, NULL);
    cr_assert_eq(atomic_load(&fl->state), FLIGHT_ABANDONED);
    cr_assert_null(fl->result);
    flight_unref(fl);
    flight_unref(fl);
}

Test(flight, is_found_by_its_number_while_it_runs)
{
    struct flight *a = open("a"), *b = open("b"), *never = open("c");
    uintptr_t of_a = flight_number(a), of_b = flight_number(b);
    cr_assert(of_a != 0 && of_b != 0 && of_a != of_b);
    cr_assert_eq(flight_number(a), of_a, "it has one");
    cr_assert_eq(flight_numbered(of_a), a);
    cr_assert_eq(atomic_load(&a->refs), 2, "with a reference");
    cr_assert_null(flight_numbered(0), "though one has no number");
    cr_assert_null(flight_numbered(of_b + 1));
    flight_settle(a, FLIGHT_DONE, NULL);
    cr_assert_null(flight_numbered(of_a));
    cr_assert_eq(flight_number(a), 0, "it has ended");
    cr_assert_eq(flight_numbered(of_b), b);
    flight_settle(b, FLIGHT_ABANDONED, NULL);
    flight_settle(never, FLIGHT_DONE, NULL);
    cr_assert_null(flight_numbered(of_b));
    struct flight *d = open("d");
    cr_assert_neq(flight_number(d), of_a, "none comes twice");
    flight_settle(d, FLIGHT_DONE, NULL);
    flight_unref(a);
    flight_unref(b);
    struct flight *all[] = {a, b, never, d};
    for (size_t i = 0; i < 4; i++)
        end(all[i]);
}

/* A fork's child has its own thread alone: who led the others is gone. */
Test(flight, of_other_threads_are_forgotten)
{
    static struct thread me, other;
    struct flight *mine = open("mine"), *theirs = open("theirs"), *queued = open("queued");
    thread_current = &me;
    mine->owner = &me;
    theirs->owner = &other;
    flight_forget_others();
    thread_current = NULL;
    cr_assert_eq(find("mine"), mine);
    cr_assert_null(find("theirs"));
    cr_assert_null(find("queued"));
    cr_assert_eq(listed(), 1);
    cr_assert_eq(atomic_load(&mine->state), FLIGHT_RUNNING);
    cr_assert_eq(atomic_load(&theirs->state), FLIGHT_ABANDONED);
    cr_assert_eq(atomic_load(&queued->state), FLIGHT_ABANDONED);
    cr_assert_eq(atomic_load(&theirs->refs), 1, "and its memory stays");
    end(mine);
    end(theirs);
    end(queued);
}
