/* S24: threads cancelled at any moment, asynchronously, in calls and in all that they may ask of the cache.
 */
#include "hazard.h"

#include <sched.h>

#include "base/alloc.h"
#include "base/epoch.h"
#include "runtime/compute/flight.h"
#include "runtime/registry/thread.h"

/*
 * The sanitizers do not follow a thread that is unwound by cancellation: they miss that locks are taken in
 * there, and fall over when it ends.
 */
enum { ROUNDS = 1500, MANY_ROUNDS = 10000, THREADS = 2, KEYS = 4, MOST_SPINS = 4000 };

enum called { BUSY, OTHER, TAGGED, CALLED };
static _Atomic uint64_t begun[CALLED], ended[CALLED];
static _Atomic int ready;
static _Atomic uint64_t done[16]; /* by kind of work: a round that never gets somewhere shows nothing */

SWR_CACHED(int, busy_body, (SWR_VAL(int, n)), .ttl_ms = 0, .stale_ms = 0, .stale_if_error_ms = 0)
{
    for (volatile int i = 0; i < 200; i++)
        ;
    return n;
}

SWR_CACHED(int, other, (SWR_VAL(int, n)), .region = "cancelled", .tags = "cancelled.word")
{
    return n + 1;
}

/* The body itself asks something of the runtime, and stands on another. */
SWR_CACHED(int, tagged, (SWR_VAL(int, n)), .invalidate_on = "cancelled.event")
{
    swrcache_tag("cancelled:%d", n);
    void *context = swrcache_context();
    swrcache_with(context);
    swrcache_with(NULL);
    return other(n) + 1;
}

SWR_STATIC_INVALIDATES(void, rewrite, (SWR_VAL(int, n)), ("other(%d)", n), ("tag:cancelled:%d", n))
{
    for (volatile int i = n; i < 50; i++)
        ;
}

static void call(enum called which, int n)
{
    begun[which]++;
    int got = which == BUSY ? busy_body(n) : which == OTHER ? other(n) : tagged(n);
    ended[which]++;
    CHECK(got == n + (int)which);
}

static void batch(int n, bool commits)
{
    swrcache_begin();
    SWR_INVALIDATE(other, n);
    swrcache_expire("tag:cancelled:%d", n);
    swrcache_put("cancelled.notes", &n, sizeof n, &n, sizeof n, 0);
    if (commits)
        swrcache_commit();
    else
        swrcache_rollback();
}

static int work(int kind, int n)
{
    int got;
    switch (kind) {
    case 0:
        return SWR_INVALIDATE(other, n), 0;
    case 1:
        return SWR_INVALIDATE_ALL(tagged), 0;
    case 2:
        return SWR_EXPIRE(other, n), 0;
    case 3:
        return swrcache_invalidate("other(%d)", n), 0;
    case 4:
        return swrcache_invalidate("tag:cancelled:%d", n), 0;
    case 5:
        return swrcache_expire("region:cancelled"), 0;
    case 6:
        return swrcache_emit("cancelled.event"), 0;
    case 7:
        return swrcache_put("cancelled.notes", &n, sizeof n, &n, sizeof n, 0);
    case 8:
        got = n;
        swrcache_get("cancelled.notes", &n, sizeof n, &got, sizeof got);
        CHECK(got == n);
        return 0;
    case 9:
        return swrcache_delete("cancelled.notes", &n, sizeof n);
    case 10:
        return batch(n, true), 0;
    case 11:
        return batch(n, false), 0;
    case 12:
        CHECK(!SWR_PEEK(other, &got, n) || got == n + 1);
        return 0;
    case 13:
        return rewrite(n), 0;
    case 14:
        return swrcache_region_invalidate_on("cancelled.notes", "cancelled.event"), 0;
    default:
        return SWR_REFRESH(other, n), 0;
    }
}

static void *cancelled_anywhere(void *cookie)
{
    unsigned seed = (unsigned)(size_t)cookie;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    ready++;
    for (;;) {
        int n = rand_r(&seed) % KEYS, kind = rand_r(&seed) % 16;
        call(BUSY, n);
        call(OTHER, n);
        call(TAGGED, n);
        work(kind, n);
        done[kind]++;
    }
    return NULL;
}

static void count_flight(struct flight *fl, void *cookie)
{
    (void)fl;
    ++*(int *)cookie;
}

static uint64_t bytes_in_use(void)
{
    struct alloc_usage usage;
    /* Without what is dead and waits to be freed. */
    for (int i = 0; i < 2; i++)
        epoch_collect();
    alloc_usage(&usage);
    return usage.objects;
}

/* Nothing is left held: all answer, none is under way, nothing is kept of those who are gone. */
static void all_is_well(void)
{
    int flights = 0;
    for (int n = 0; n < KEYS; n++) {
        call(BUSY, n);
        call(OTHER, n);
        call(TAGGED, n);
        for (int kind = 0; kind < 16; kind++)
            work(kind, n);
    }
    CHECK(swrcache_drain(60000));
    flight_each(count_flight, &flights);
    CHECK(flights == 0);
}

static uint64_t counted(const char *name)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < function_count(); i++) {
        struct function *f = function_at(i);
        for (enum counter c = COUNTER_hits; strcmp(f->site->name, name) == 0 && c <= COUNTER_bypasses; c++)
            sum += function_counter(f, c);
    }
    return sum;
}

static void at_random(int rounds)
{
    unsigned seed = 24;
    uint64_t settled = 0;
    for (int round = 0; round < rounds; round++) {
        pthread_t threads[THREADS];
        ready = 0;
        for (size_t i = 0; i < THREADS; i++)
            pthread_create(&threads[i], NULL, cancelled_anywhere, (void *)(i + (size_t)round * THREADS));
        while (ready < THREADS)
            sched_yield();
        for (int i = 0; i < THREADS; i++) {
            for (volatile int spins = rand_r(&seed) % MOST_SPINS; spins > 0; spins--)
                ;
            pthread_cancel(threads[i]);
        }
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        if (round % 100 == 0)
            all_is_well();
        if (round == rounds / 5 * 2)
            settled = bytes_in_use();
    }
    all_is_well();
    CHECK(bytes_in_use() < settled + 16384);
    static const char *const names[CALLED] = {"busy_body", "other", "tagged"};
    for (enum called c = BUSY; c < CALLED; c++) {
        /* Who was cancelled in a call may have been counted or not; `tagged` calls `other` as well. */
        uint64_t n = counted(names[c]), more = c == OTHER ? counted("tagged") : 0;
        CHECK(n >= ended[c] && n <= begun[c] + more + (uint64_t)rounds * THREADS);
    }
    for (int kind = 0; kind < 16; kind++)
        CHECK(done[kind] > (uint64_t)rounds / 100);
}

int main(void)
{
    watchdog(110);
    all_is_well();
    if (!SANITIZED)
        at_random(getenv("TEST_INPUTS") != NULL ? MANY_ROUNDS : ROUNDS);
    return finish("cancelled");
}
