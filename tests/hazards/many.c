/* S33: everything is invalidated while others call, with very many entries. */
#include "hazard.h"

#include "runtime/cache/cache.h"
#include "runtime/verb/verb.h"

enum { ENTRIES = SANITIZED ? 20000 : 1000000, CALLERS = 2, ROUNDS = 5 };

static _Atomic int generation = 1, stop;

SWR_CACHED(long, number, (SWR_VAL(long, n)), .ttl_ms = SWR_FOREVER)
{
    return n * 100 + generation;
}

static void *caller(void *cookie)
{
    unsigned seed = (unsigned)(size_t)cookie;
    while (!stop) {
        long n = rand_r(&seed) % ENTRIES;
        int least = generation;
        long got = number(n);
        CHECK(got / 100 == n && got % 100 >= least - 1);
    }
    return NULL;
}

static void emptied(void)
{
    for (long n = 0; n < ENTRIES; n++)
        CHECK(number(n) == n * 100 + 1);
    CHECK(cache_entries() == ENTRIES);
    CHECK(verb_invalidate(NULL, NULL, NULL, true) == ENTRIES);
    CHECK(SWR_INVALIDATE_ALL(number) == ENTRIES);
    CHECK(cache_entries() == 0);
    CHECK(SWR_INVALIDATE_ALL(number) == 0);
    CHECK(number(5) == 501 && outcome() == SWR_MISS);
    /* The memory follows. */
    CHECK(swrcache_drain(60000) && cache_held() == 1 && cache_bytes() < 1000);
}

static void under_load(void)
{
    pthread_t threads[CALLERS];
    for (size_t i = 0; i < CALLERS; i++)
        pthread_create(&threads[i], NULL, caller, (void *)(i + 1));
    for (int round = 0; round < ROUNDS; round++) {
        for (long n = 0; n < ENTRIES; n += 7)
            number(n);
        generation++;
        SWR_INVALIDATE_ALL(number);
        for (long n = 0; n < 100; n++)
            CHECK(number(n) == n * 100 + generation);
    }
    stop = 1;
    for (int i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
    CHECK(cache_entries() <= ENTRIES);
    verb_invalidate(NULL, NULL, NULL, false);
    CHECK(cache_entries() == 0 && swrcache_drain(60000) && cache_bytes() == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    if (getenv("SWR_MAX_BYTES") == NULL) {
        setenv("SWR_MAX_BYTES", "1G", 1);
        execv("/proc/self/exe", argv);
    }
    watchdog(110);
    emptied();
    under_load();
    return finish("very many entries");
}
