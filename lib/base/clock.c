#define _GNU_SOURCE
#include "clock.h"

#include <time.h>

static bool manual;                  /* written once by clock_start(), before any reader */
static _Atomic uint64_t manual_time; /* manual mode's now */
static uint64_t lag;

static uint64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void clock_start(bool by_hand)
{
    struct timespec tick = {0, 4000000};
    manual = by_hand;
    /* Not zero: a birth time of zero stands for none. */
    atomic_store(&manual_time, 1000 * NS_PER_MS);
    clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
    lag = by_hand ? 0 : (uint64_t)tick.tv_nsec + (uint64_t)tick.tv_sec * 1000000000u;
}

bool clock_manual(void)
{
    return manual;
}

uint64_t clock_now(void)
{
    return unlikely(manual) ? atomic_load(&manual_time) : read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_coarse(void)
{
    return unlikely(manual) ? atomic_load(&manual_time) : read_clock(CLOCK_MONOTONIC_COARSE);
}

uint64_t clock_lag(void)
{
    return lag;
}

void clock_advance(uint64_t ns)
{
    uint64_t old = atomic_load(&manual_time);
    while (!atomic_compare_exchange_weak(&manual_time, &old, clock_add(old, ns)))
        ;
}

uint64_t clock_sleep_until(uint64_t deadline)
{
    /* Time by hand: whoever advances it wakes the sleepers. */
    return manual ? CLOCK_NEVER : deadline;
}
