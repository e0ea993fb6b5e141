/* S02: threads cannot be had, at first, later, or ever. */
#include "hazard.h"

#include <sys/resource.h>

#include "base/service.h"
#include "runtime/pool/pool.h"
#include "runtime/registry/thread.h"

static _Atomic int bodies;

SWR_CACHED(int, count, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = 600000, .jitter_pct = 0)
{
    return n * 1000 + ++bodies;
}

static uint64_t dropped(void)
{
    return function_counter(swrcache_site_count.function, COUNTER_dropped);
}

/* Nothing hangs, the old value is served, and the system is not asked again at every call. */
static void refused(void)
{
    CHECK(count(1) == 1001 && outcome() == SWR_MISS);
    service_refuse(true);
    swrcache_advance(1500);
    uint64_t asked = service_asked(), before = dropped();
    for (int i = 0; i < 1000; i++) {
        CHECK(count(1) == 1001 && outcome() == SWR_STALE_HIT);
        swrcache_advance(1);
    }
    asked = service_asked() - asked;
    CHECK(asked >= 3 && asked <= 8);
    /* It counts as often as a key asks, 50 times in a second, not each call. */
    CHECK(dropped() - before >= 40 && dropped() - before <= 51);
    CHECK(bodies == 1 && pool_state().queued == 0 && pool_state().threads == 0);
    /* Past the stale window callers compute themselves. */
    swrcache_advance(600000);
    CHECK(count(1) == 1002 && outcome() == SWR_MISS);
}

static void had_again(void)
{
    service_refuse(false);
    swrcache_advance(6000);
    CHECK(count(1) == 1002 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    CHECK(count(1) == 1003 && outcome() == SWR_HIT);
}

/* SWR_THREADS=0: one elected caller refreshes, in its own thread. */
static void none_wanted(void)
{
    CHECK(count(1) == 1001 && outcome() == SWR_MISS);
    swrcache_advance(1500);
    CHECK(count(1) == 1002 && outcome() == SWR_MISS);
    CHECK(count(1) == 1002 && outcome() == SWR_HIT);
    CHECK(service_asked() == 0);
}

/* The system's own refusal, where root can give its rights away. */
static void no_processes_left(void)
{
    if (getuid() != 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        watchdog(20);
        if (setresuid(65534, 65534, 65534) != 0 || setrlimit(RLIMIT_NPROC, &none) != 0)
            _exit(0);
        int old = count(2);
        swrcache_advance(1500);
        uint64_t before = dropped();
        CHECK(count(2) == old && outcome() == SWR_STALE_HIT);
        CHECK(dropped() == before + 1 && pool_state().threads == 0);
        _exit(hazard_failures != 0);
    }
    CHECK(wait_child(child) == 0);
}

int main(int argc, char **argv)
{
    with_manual_clock(argv);
    watchdog(60);
    if (argc > 1) {
        none_wanted();
        return finish("threads unwanted");
    }
    refused();
    had_again();
    no_processes_left();
    pid_t child = fork();
    if (child == 0) {
        setenv("SWR_THREADS", "0", 1);
        execl("/proc/self/exe", argv[0], "none", NULL);
        _exit(9);
    }
    CHECK(wait_child(child) == 0);
    return finish("threads refused");
}
