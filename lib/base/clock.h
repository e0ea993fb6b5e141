/*
 * clock.h - time in nanoseconds, monotonic, never the wall clock.
 *
 * clock_coarse() costs a vDSO read of a word that the kernel updates every tick (1 to 10 ms): it lags behind
 * clock_now() by at most clock_lag(), and deadlines are shortened by that lag so that nothing is served
 * longer than its policy says. In manual mode both are one number that clock_advance() moves.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdalign.h>
#include <time.h>

#include "os.h"

#define NS_PER_MS   UINT64_C(1000000)
#define NS_PER_S    UINT64_C(1000000000)
#define CLOCK_NEVER UINT64_MAX

void clock_start(bool manual);
bool clock_manual(void);
void clock_advance(uint64_t ns);

/* Written once by clock_start(), before any reader. */
typedef int clock_read(clockid_t id, struct timespec *t);
struct clock_used {
    alignas(64) clock_read *source;
    uint64_t lag;
};
extern struct clock_used clock_used OURS;

static inline uint64_t clock_lag(void)
{
    return clock_used.lag;
}

static inline uint64_t clock_of(clockid_t id)
{
    struct timespec t;
    clock_used.source(id, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static inline uint64_t clock_now(void)
{
    return clock_of(CLOCK_MONOTONIC);
}

static inline uint64_t clock_coarse(void)
{
    return clock_of(CLOCK_MONOTONIC_COARSE);
}

/* base + span, sticking at CLOCK_NEVER. */
static inline uint64_t clock_add(uint64_t base, uint64_t span)
{
    uint64_t sum;
    return __builtin_add_overflow(base, span, &sum) ? CLOCK_NEVER : sum;
}

/* The real CLOCK_MONOTONIC deadline to sleep until when the clock in use should reach `deadline`. */
uint64_t clock_sleep_until(uint64_t deadline);

#endif
