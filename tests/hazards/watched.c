/*
 * S63: bodies hang on as many threads as there are, after the healthy keys have been queued, and nobody calls
 * any more: those are refreshed all the same, by threads that are bounded and told. When the spare ones hang
 * as well, what waits is given back and told, callers get through, and once a body ends it goes on. With
 * SWR_THREADS of 1 and of 2.
 */
#include "hazard.h"
#include "told.h"

#include "runtime/pool/pool.h"
#include "base/os.h"

enum { HEALTHY = 50, SPARE = 6, HANGING = 2 + SPARE };

static _Atomic int hanging, refreshed;
static _Atomic uint32_t let_go; /* futex */
static _Atomic int hang_below;  /* keys below that hang */
static __thread bool caller;

SWR_CACHED(int, look, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = 900000, .jitter_pct = 0, .retry_ms = 1,
           .retry_max_ms = 1)
{
    if (caller)
        return n;
    if (n < hang_below) {
        hanging++;
        while (let_go == 0)
            os_futex_wait(&let_go, 0, UINT64_MAX);
        hanging--;
    }
    refreshed++;
    return n;
}

/* Only time passes. */
static void pass_until(bool (*reached)(int), int what)
{
    while (!reached(what)) {
        swrcache_advance(100);
        pause_ms(1);
    }
}

static bool hang_at_least(int n)
{
    return hanging >= n;
}

static bool refreshed_at_least(int n)
{
    return refreshed >= n;
}

static bool nothing_waits(int unused)
{
    (void)unused;
    return pool_state().queued == 0;
}

static void ask(int from, int to, int least)
{
    for (int n = from; n < to; n++)
        CHECK(look(n) == n && outcome() == SWR_STALE_HIT);
    CHECK(pool_state().threads >= (uint32_t)least);
}

int main(int argc, char **argv)
{
    const char *threads = getenv("SWR_THREADS");
    (void)argc;
    if (threads == NULL) {
        setenv("SWR_THREADS", "2", 1);
        for (pid_t child = fork(); child >= 0; child = -1) {
            if (child == 0) {
                setenv("SWR_THREADS", "1", 1);
                break;
            }
            CHECK(wait_child(child) == 0);
        }
        if (hazard_failures != 0)
            return 1;
        execv("/proc/self/exe", argv);
    }
    with_manual_clock(argv);
    watchdog(60);
    caller = true;
    int most = atoi(threads);
    for (int n = 0; n < HANGING + HEALTHY; n++)
        CHECK(look(n) == n);
    swrcache_advance(1000);
    /* All are asked for within the same moment; from then on nobody calls. */
    hang_below = most;
    ask(0, HANGING + HEALTHY, 1);
    pass_until(refreshed_at_least, HANGING + HEALTHY - most);
    CHECK(hanging == most && pool_state().threads > (uint32_t)most && pool_state().spare >= 1);
    CHECK(told("refreshes hang") && !told("every refresh hangs"));
    /* Those that hang are leased; others hang now, as many as there can be threads. */
    refreshed = 0;
    swrcache_advance(5000);
    hang_below = most + SPARE;
    ask(most, HANGING + HEALTHY, most);
    pass_until(hang_at_least, most + SPARE);
    pass_until(nothing_waits, 0);
    CHECK(pool_state().threads == (uint32_t)(most + SPARE) && pool_state().spare == SPARE);
    CHECK(told("every refresh hangs"));
    CHECK(refreshed <= HEALTHY + HANGING);
    /* Nobody waits, and nobody is told of a refresh under way. */
    for (int n = most + SPARE; n < HANGING + HEALTHY; n++)
        CHECK(look(n) == n);
    CHECK(pool_state().queued == 0);
    /* One ends, as all do: it goes on. */
    let_go = 1;
    os_futex_wake(&let_go, INT32_MAX);
    hang_below = 0;
    while (hanging != 0)
        pause_ms(1);
    refreshed = 0;
    swrcache_advance(5000);
    CHECK(look(HANGING) == HANGING && outcome() == SWR_STALE_HIT);
    pass_until(refreshed_at_least, 1);
    CHECK(swrcache_drain(10000));
    return finish("hanging bodies, watched");
}
