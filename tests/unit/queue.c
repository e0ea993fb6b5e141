/*
 * queue.c - the order of refreshes: a heap keeps every job once, what matters goes first, nothing waits for
 * ever; and on a trace of many keys that age at once it does less harm than first come, first served. And
 * of timers: the earliest comes first.
 */
#include "unit.h"
#include "base/os.h"

#include <criterion/criterion.h>

#include "runtime/pool/queue.h"
#include "runtime/pool/timer.h"

static struct queue queue;

static struct job job_of(uint64_t number)
{
    return (struct job){.entry = (struct entry *)(uintptr_t)(number + 1), .lease = number};
}

Test(queue, as_asked_for_where_all_matter_alike)
{
    queue_open(&queue, 100);
    for (uint64_t i = 0; i < 100; i++)
        cr_assert(queue_push(&queue, job_of(i), 5, 1000));
    cr_assert_not(queue_push(&queue, job_of(100), 5, 1000), "full is full");
    for (uint64_t i = 0; i < 100; i++)
        cr_assert_eq(queue_pop(&queue).lease, i);
    cr_assert_null(queue_pop(&queue).entry);
}

Test(queue, hits_and_cost_go_first_and_a_waiting_caller_before_all)
{
    struct job waited = job_of(3);
    waited.flight = (struct flight *)(uintptr_t)1;
    queue_open(&queue, 10);
    queue_push(&queue, job_of(0), 1, 1);
    queue_push(&queue, job_of(1), 1, 1000);
    queue_push(&queue, job_of(2), 1000, 1000);
    queue_push(&queue, waited, 0, 0);
    cr_assert_eq(queue_pop(&queue).lease, 3);
    cr_assert_eq(queue_pop(&queue).lease, 2);
    cr_assert_eq(queue_pop(&queue).lease, 1);
    cr_assert_eq(queue_pop(&queue).lease, 0);
}

Test(queue, what_matters_least_is_served_all_the_same)
{
    uint64_t turns = 0;
    queue_open(&queue, 16);
    queue_push(&queue, job_of(0), 0, 0);
    while (queue_push(&queue, job_of(1), 1u << 20, 1u << 20), queue_pop(&queue).lease != 0)
        cr_assert_lt(++turns, QUEUE_STEP * 41, "it waits for ever");
    cr_assert_gt(turns, QUEUE_STEP);
}

Test(queue, every_job_comes_out_once_whatever_the_order)
{
    enum { MANY = 1000 };
    static unsigned char out[MANY];
    uint64_t seed = 9;
    queue_open(&queue, MANY);
    for (uint64_t i = 0; i < MANY; i++)
        cr_assert(queue_push(&queue, job_of(i), chance(&seed) % 1000, chance(&seed) % 100000));
    int64_t last = INT64_MIN;
    for (uint64_t i = 0; i < MANY; i++) {
        struct job job = queue_pop(&queue);
        cr_assert_geq(job.place, last);
        last = job.place;
        cr_assert_eq(out[job.lease]++, 0);
    }
    cr_assert_null(queue_pop(&queue).entry);
}

static struct job job_in(uint32_t line, uint64_t number)
{
    struct job job = job_of(number);
    job.line = line;
    return job;
}

/* A thousand of one function, asked for very often, and twenty of another. */
Test(queue, each_function_has_its_turn)
{
    queue_open(&queue, 1020);
    for (uint64_t i = 0; i < 1000; i++)
        cr_assert(queue_push(&queue, job_in(1, i), 1u << 20, 1000));
    for (uint64_t i = 0; i < 10; i++)
        queue_pop(&queue);
    for (uint64_t i = 0; i < 20; i++)
        cr_assert(queue_push(&queue, job_in(2, i), 1, 1));
    uint32_t first = 0, others = 0;
    for (int i = 0; i < 40; i++)
        *(queue_pop(&queue).line == 1 ? &first : &others) += 1;
    cr_assert_eq(others, 20);
    cr_assert_eq(first, 20);
    /* Having been away is no claim to more than a share. */
    for (int i = 0; i < 500; i++)
        cr_assert_eq(queue_pop(&queue).line, 1);
    for (uint64_t i = 0; i < 20; i++)
        queue_push(&queue, job_in(2, i), 1, 1);
    others = 0;
    for (int i = 0; i < 20; i++)
        others += queue_pop(&queue).line == 2;
    cr_assert_eq(others, 10);
}

Test(queue, a_caller_that_waits_goes_first_in_whatever_line)
{
    struct job waited = job_in(2, 7);
    waited.flight = (struct flight *)(uintptr_t)1;
    queue_open(&queue, 100);
    for (uint64_t i = 0; i < 10; i++)
        queue_push(&queue, job_in(1, i), 1, 1);
    for (int i = 0; i < 5; i++)
        queue_pop(&queue);
    queue_push(&queue, job_in(2, 1), 1, 1);
    queue_push(&queue, waited, 1, 1);
    cr_assert_eq(queue_pop(&queue).lease, 7);
}

Test(queue, who_has_more_than_a_share_makes_room)
{
    queue_open(&queue, 100);
    for (uint64_t i = 0; i < 100; i++)
        cr_assert(queue_push(&queue, job_in(1, i), 5, 1));
    cr_assert_null(queue_yield(&queue, 1).entry, "not for itself");
    uint32_t entered = 0;
    for (struct job out; (out = queue_yield(&queue, 2)).entry != NULL; entered++) {
        cr_assert_eq(out.line, 1);
        cr_assert_neq(out.lease, 0, "the first stays");
        cr_assert(queue_push(&queue, job_in(2, entered), 1, 1));
    }
    cr_assert_eq(entered, 50, "both have their half");
    cr_assert_eq(queue.count, 100);
    uint32_t left[3] = {0};
    for (struct job job; (job = queue_pop(&queue)).entry != NULL;)
        left[job.line]++;
    cr_assert_eq(left[1], 50);
    cr_assert_eq(left[2], 50);
    queue_empty(&queue);
    cr_assert(queue_push(&queue, job_in(3, 1), 1, 1), "and it is used again");
}

Test(timers, come_when_they_are_due_and_each_once)
{
    enum { MANY = 1000 };
    static unsigned char out[MANY];
    struct timers timers = {.heap = NULL};
    uint64_t seed = 11, last = 0;
    cr_assert_eq(timers_due(&timers), UINT64_MAX);
    for (uint64_t i = 0; i < MANY; i++) {
        cr_assert(timers_push(&timers, (struct timer){job_of(i).entry, chance(&seed) % 300}));
        /* Some go in between. */
        if (i % 3 == 2) {
            struct timer t = timers_pop(&timers);
            cr_assert_eq(out[(uintptr_t)t.entry - 1]++, 0);
            timers_end(&timers, t.entry);
        }
    }
    while (timers.count != 0) {
        uint64_t due = timers_due(&timers);
        struct timer t = timers_pop(&timers);
        cr_assert_eq(t.due, due);
        cr_assert_geq(t.due, last);
        last = t.due;
        cr_assert_eq(out[(uintptr_t)t.entry - 1]++, 0);
        timers_end(&timers, t.entry);
    }
    for (uint64_t i = 0; i < MANY; i++)
        cr_assert_eq(out[i], 1);
    cr_assert_null(timers.heap, "a crowd's memory is given back");
    os_alloc_fail_at(1, true);
    cr_assert_not(timers_push(&timers, (struct timer){job_of(0).entry, 1}));
    os_alloc_fail_at(0, false);
    cr_assert(timers_push(&timers, (struct timer){job_of(0).entry, 1}));
    cr_assert_eq(timers_pop(&timers).due, 1);
    os_free(timers.heap);
}

Test(timers, being_fired_are_known_until_they_end)
{
    enum { MANY = 100 };
    static unsigned char out[MANY];
    struct timers timers = {.heap = NULL};
    for (uint64_t i = 0; i < MANY; i++) {
        cr_assert(timers_push(&timers, (struct timer){job_of(i).entry, i}));
        timers_pop(&timers); /* all at once, while others come and the array grows */
    }
    cr_assert_eq(timers.count, 0);
    timers_end(&timers, job_of(7).entry);
    for (struct timer t; (t = timers_fired(&timers)).entry != NULL;)
        cr_assert_eq(out[(uintptr_t)t.entry - 1]++, 0);
    for (uint64_t i = 0; i < MANY; i++)
        cr_assert_eq(out[i], i != 7);
    os_free(timers.heap);
}

Test(queue, jobs_at_work_are_known_until_they_end)
{
    queue_open(&queue, 4);
    for (uint64_t i = 0; i < 4; i++)
        queue_push(&queue, job_of(i), 1, 1);
    for (uint64_t i = 0; i < 4; i++)
        queue_pop(&queue);
    queue_end(&queue, job_of(2).entry);
    uint64_t sum = 0;
    for (struct job job; (job = queue_left(&queue)).entry != NULL;)
        sum += job.lease;
    cr_assert_eq(sum, 0 + 1 + 3);
    queue_push(&queue, job_of(5), 1, 1);
    cr_assert_eq(queue_left(&queue).lease, 5, "and those that wait");
    cr_assert_null(queue_left(&queue).entry);
}

/*
 * A trace: a thousand keys are stale at once, two workers refresh. Calls come every 10 us, by a law of 1/rank
 * that does not follow the keys' first calls. An entry is served stale for `window`; after that a caller
 * computes, and those who come meanwhile wait with it.
 */
enum { KEYS = 1000, WORKERS = 2, CALL_EVERY_US = 10 };

struct harm {
    uint64_t stale;     /* old values served */
    uint64_t waited_us; /* by callers whose entry was too old */
};

static uint64_t cost_of(uint64_t key, uint64_t dear_us)
{
    return key % 10 == 7 ? dear_us : 10000;
}

static size_t draw(const double law[KEYS], uint64_t *seed)
{
    double drawn = (double)(chance(seed) >> 11) * 0x1p-53 * law[KEYS - 1];
    size_t key = 0;
    for (size_t step = 512; step > 0; step /= 2)
        if (key + step < KEYS && law[key + step - 1] < drawn)
            key += step;
    return key;
}

static struct harm age_at_once(bool by_worth, uint64_t dear_us, uint64_t window)
{
    uint64_t done_at[KEYS] = {0}, free_at[WORKERS] = {0}, seed = 4;
    double law[KEYS], sum = 0;
    struct harm harm = {0, 0};
    for (size_t k = 0; k < KEYS; k++)
        law[k] = sum += 1.0 / (double)(k + 1);
    queue_open(&queue, 1024);
    /* One call of each to begin with, the least wanted first: what first come, first served is worst at. */
    for (uint64_t k = KEYS; k-- > 0;)
        queue_push(&queue, job_of(k), by_worth ? 100000 / (k + 1) : 0, by_worth ? cost_of(k, dear_us) : 0);
    for (uint64_t now = 0; now < 20000000; now += CALL_EVERY_US) {
        size_t key = draw(law, &seed);
        for (int w = 0; w < WORKERS; w++)
            while (free_at[w] <= now && queue.count > 0) {
                uint64_t k = queue_pop(&queue).lease;
                if (done_at[k] == 0)
                    done_at[k] = free_at[w] = now + cost_of(k, dear_us);
            }
        if (done_at[key] != 0 && done_at[key] <= now)
            continue;
        if (now < window) {
            harm.stale++;
            continue;
        }
        if (done_at[key] == 0)
            done_at[key] = now + cost_of(key, dear_us);
        harm.waited_us += done_at[key] - now;
    }
    queue_empty(&queue);
    return harm;
}

Test(queue, fewer_old_values_than_first_come_first_served)
{
    struct harm worth = age_at_once(true, 10000, UINT64_MAX), first = age_at_once(false, 10000, UINT64_MAX);
    cr_log_info("old values served: by worth %lu, first come %lu", worth.stale, first.stale);
    cr_assert_lt(worth.stale * 2, first.stale);
}

Test(queue, less_waiting_than_first_come_first_served)
{
    struct harm worth = age_at_once(true, 100000, 5000000), first = age_at_once(false, 100000, 5000000);
    cr_log_info("ms waited: by worth %lu, first come %lu", worth.waited_us / 1000, first.waited_us / 1000);
    cr_assert_lt(worth.waited_us * 2, first.waited_us);
}
