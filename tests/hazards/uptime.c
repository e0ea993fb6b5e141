/*
 * S42: the same program just after the machine was started and after it has been up for years, in time
 * namespaces. The clock is the system's; nothing here depends on how fast the machine is.
 */
#include "hazard.h"

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>

enum { NOT_PERMITTED = 77 };

static _Atomic int bodies, warmed, release;

static int64_t uptime_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

SWR_CACHED(int, lasting, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    return n + ++bodies;
}

SWR_CACHED(int, hourly, (SWR_VAL(int, n)), .ttl_ms = SWR_HOURS(1))
{
    return n + ++bodies;
}

/* Times long enough that calls look at the coarse clock, which lags behind. */
SWR_CACHED(int64_t, brief, (SWR_VAL(int, n)), .ttl_ms = 130, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    return uptime_ns() + n;
}

SWR_CACHED(int64_t, mortal, (SWR_VAL(int, n)), .ttl_ms = 130, .stale_ms = 0, .stale_if_error_ms = 0)
{
    return uptime_ns() + n;
}

SWR_CACHED(int, hanging, (SWR_VAL(int, n)), .wait_ms = 20)
{
    while (!release)
        pause_ms(1);
    return n;
}

SWR_CACHED(int, warm, (SWR_VAL(int, n)), .ttl_ms = SWR_HOURS(1), .keep_warm_ms = 20, .keep_warm_idle = 1000)
{
    return n + warmed++;
}

static void *leader(void *unused)
{
    CHECK(hanging(3) == 3);
    return unused;
}

static void *lets_go(void *unused)
{
    pause_ms(100);
    release = 1;
    return unused;
}

/* Fresh only while younger than its time, whatever the clock says; then old, and new again. */
static void ages(void)
{
    const int64_t ttl = 130 * INT64_C(1000000);
    int refreshed = 0, died = 0;
    int64_t first = brief(0), last = mortal(0);
    while (refreshed < 2) {
        int64_t before = uptime_ns(), value = brief(0);
        CHECK(outcome() != SWR_HIT || before - value < ttl);
        CHECK(value >= first);
        refreshed += value > first;
        first = value;
        pause_ms(1);
    }
    while (died < 2) {
        int64_t before = uptime_ns(), value = mortal(0);
        CHECK(before - value < ttl && value >= last);
        died += value > last;
        last = value;
        pause_ms(1);
    }
}

static int inside(const char *what)
{
    pthread_t threads[2];
    struct swrcache_info info;
    watchdog(60);
    int forever = lasting(1), hour = hourly(1);
    ages();
    CHECK(lasting(1) == forever && outcome() == SWR_HIT);
    CHECK(hourly(1) == hour && outcome() == SWR_HIT);
    swrcache_last(&info);
    CHECK(info.age_ms < 3600 * 1000);
    warm(0);
    while (warmed < 3)
        pause_ms(1);
    /* Whoever waits too long computes alone. */
    pthread_create(&threads[0], NULL, leader, NULL);
    pthread_create(&threads[1], NULL, lets_go, NULL);
    CHECK(hanging(3) == 3);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    CHECK(swrcache_drain(60000));
    if (hazard_failures != 0)
        fprintf(stderr, "up for %s\n", what);
    return hazard_failures != 0;
}

/* The children of this process are in a machine that has been up for so long. */
static bool up_for(int64_t s)
{
    char line[64];
    if (unshare(CLONE_NEWTIME) != 0)
        return false;
    int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
    int len = snprintf(line, sizeof line, "monotonic %lld 0", (long long)(s - uptime_ns() / 1000000000));
    bool done = fd >= 0 && write(fd, line, (size_t)len) == len;
    if (fd >= 0)
        close(fd);
    return done;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *what;
        int64_t s;
    } ups[] = {
        {"a second", 1},
        {"100 days", 100 * INT64_C(86400)},
        {"all but four seconds of what a quarter of a millisecond counts", (INT64_C(1) << 39) / 4000 - 4},
        {"five years", 5 * 365 * INT64_C(86400)},
        {"140 years", 140 * 365 * INT64_C(86400)},
    };
    if (argc > 1)
        return inside(argv[1]);
    for (size_t i = 0; i < sizeof ups / sizeof *ups; i++) {
        /* Each from a process of its own: who has once given its children a time cannot do it again. */
        pid_t child = fork(), inner;
        if (child == 0) {
            char *args[] = {argv[0], (char *)(uintptr_t)ups[i].what, NULL};
            if (!up_for(ups[i].s))
                _exit(NOT_PERMITTED);
            if (posix_spawn(&inner, "/proc/self/exe", NULL, NULL, args, environ) != 0)
                _exit(2);
            _exit(wait_child(inner));
        }
        int status = wait_child(child);
        if (status == NOT_PERMITTED) {
            printf("no time namespaces here: only this machine's own time is tried\n");
            return inside("what it is") != 0 ? 1 : NOT_PERMITTED;
        }
        CHECK(status == 0);
    }
    return finish("up for long");
}
