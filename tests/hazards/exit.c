/* exit() while a refresh runs: the status stays, and it does not take long. */
#include "hazard.h"

static _Atomic int bodies, refreshing, leaving;

SWR_CACHED(int, slow, (SWR_VAL(int, n)), .ttl_ms = 1, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    if (++bodies > 1 && !leaving) {
        refreshing = 1;
        pause_ms(5000);
    }
    return n;
}

static void late(void)
{
    int n = 5;
    if (slow(n) != n)
        _exit(99);
}

__attribute__((destructor)) static void later(void)
{
    int n = 5;
    if (slow(n) != n)
        _exit(98);
}

static void *returning(void *unused)
{
    for (;;)
        slow(5);
    return unused;
}

static void child(int round)
{
    watchdog(20);
    if (round % 3 == 0)
        atexit(late);
    CHECK(slow(5) == 5);
    pause_ms(10);
    CHECK(slow(5) == 5);
    for (int i = 0; i < 2000 && !refreshing; i++) {
        pause_ms(1);
        CHECK(slow(5) == 5);
    }
    CHECK(refreshing);
    pthread_t thread;
    if (round % 2)
        pthread_create(&thread, NULL, returning, NULL);
    leaving = 1;
    if (hazard_failures == 0)
        exit(round + 1);
    _exit(97);
}

int main(void)
{
    /* ThreadSanitizer holds each exit up for a second. */
    int rounds = SANITIZED ? 12 : 50;
    for (int round = 0; round < rounds; round++) {
        double start = seconds();
        pid_t pid = fork();
        if (pid == 0)
            child(round);
        CHECK(wait_child(pid) == round + 1);
        CHECK(seconds() - start < 1 || SANITIZED);
    }
    return finish("exit");
}
