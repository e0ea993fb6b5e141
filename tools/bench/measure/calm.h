/*
 * calm.h - the longest of many calls, and the longest of those during which nobody took the core away: on a
 * busy machine the former is a time slice of others.
 */
#ifndef SWRBENCH_CALM_H
#define SWRBENCH_CALM_H

#include <stdint.h>

struct calm {
    uint64_t worst, undisturbed; /* ns */
    long taken;                  /* how often the core was taken away, when it was last looked */
};

/* Both in the thread that makes the calls. */
void calm_start(struct calm *calm);
void calm_slow(struct calm *calm, uint64_t ns);

enum { CALM_SLOW = 20000 };

/* Asks the kernel only about calls that are slow. */
static inline void calm_add(struct calm *calm, uint64_t ns)
{
    if (ns > CALM_SLOW)
        calm_slow(calm, ns);
    else if (ns > calm->undisturbed)
        calm->undisturbed = ns;
}

#endif
