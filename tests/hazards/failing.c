/* S19: bodies that fail: what is kept, who is told, and when it is tried again. */
#include "hazard.h"

#include "../gate.h"

enum { WAITERS = 4 };

static _Atomic int bodies, failing, answers;

SWR_CACHED(int, load, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = 60000, .stale_if_error_ms = 60000,
           .retry_ms = 1000, .retry_max_ms = 4000, .jitter_pct = 0, .fails = SWR_FAILS_NEGATIVE)
{
    bodies++;
    if (failing) {
        errno = ETIMEDOUT;
        return -n;
    }
    return n * 100 + bodies;
}

/* F F F F S: tried after one second, two, four, four; the old value lives on, no older and no younger. */
static void backs_off(void)
{
    static const int pauses[] = {1000, 2000, 4000, 4000};
    struct swrcache_info info;
    uint64_t age = 1000;
    CHECK(load(1) == 101);
    failing = 1;
    swrcache_advance(1000);
    for (int i = 0; i < 4; i++) {
        CHECK(load(1) == 101 && outcome() == SWR_STALE_HIT);
        CHECK(swrcache_drain(10000));
        CHECK(bodies == 2 + i);
        swrcache_advance((uint64_t)pauses[i] - 1);
        CHECK(load(1) == 101 && outcome() == SWR_STALE_HIT);
        CHECK(swrcache_drain(10000));
        CHECK(bodies == 2 + i);
        swrcache_last(&info);
        age += (uint64_t)pauses[i];
        CHECK(info.age_ms == age - 1 && info.refresh_errno == ETIMEDOUT);
        swrcache_advance(1);
    }
    failing = 0;
    CHECK(load(1) == 101);
    CHECK(swrcache_drain(10000));
    CHECK(load(1) == 106 && outcome() == SWR_HIT);
    swrcache_last(&info);
    CHECK(info.refresh_errno == 0);
}

/* A failed refresh does not take back that somebody expired the value. */
static void stays_expired(void)
{
    failing = 1;
    CHECK(SWR_EXPIRE(load, 1) == 1);
    for (int i = 0; i < 3; i++) {
        CHECK(load(1) == 106 && outcome() == SWR_STALE_HIT);
        CHECK(swrcache_drain(10000));
    }
    failing = 0;
    swrcache_advance(1000);
    CHECK(load(1) == 106 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    CHECK(load(1) == 108 && outcome() == SWR_HIT);
}

static void *caller(void *cookie)
{
    int n = *(int *)cookie;
    errno = 0;
    int got = load(n);
    CHECK(got == -n && errno == ETIMEDOUT);
    answers++;
    return NULL;
}

/* The error and its errno go to the leader and to all who waited; it is not remembered. */
static void all_are_told(void)
{
    pthread_t threads[WAITERS];
    int n = 7, before = bodies;
    failing = 1;
    gate_close("leader.before_call");
    pthread_create(&threads[0], NULL, caller, &n);
    gate_await(1);
    for (int i = 1; i < WAITERS; i++)
        pthread_create(&threads[i], NULL, caller, &n);
    gate_open();
    for (int i = 0; i < WAITERS; i++)
        pthread_join(threads[i], NULL);
    CHECK(answers == WAITERS && bodies > before && bodies <= before + WAITERS);
    failing = 0;
    CHECK(load(n) > 0 && outcome() == SWR_MISS);
}

static _Atomic int gone;

/* "Not there" as an answer, not as a failure, replaces the old value. */
SWR_CACHED_STRING(find, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    (void)n;
    return gone ? NULL : strdup("there");
}

static void absence_replaces(void)
{
    char *found = find(1);
    CHECK(found != NULL && strcmp(found, "there") == 0);
    free(found);
    gone = 1;
    swrcache_advance(1000);
    found = find(1);
    CHECK(found != NULL);
    free(found);
    CHECK(swrcache_drain(10000));
    CHECK(find(1) == NULL && outcome() == SWR_HIT);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    watchdog(60);
    backs_off();
    stays_expired();
    all_are_told();
    absence_replaces();
    return finish("failing bodies");
}
