#include "lease.h"

_Atomic uint32_t lease_generation;

uint64_t lease_back_off(uint64_t first, uint64_t most, uint32_t failures, unsigned jitter_pct,
                        uint64_t chance)
{
    uint64_t wait = first;
    for (uint32_t i = 1; i < failures && wait < most; i++)
        wait = clock_add(wait, wait);
    if (wait > most)
        wait = most;
    uint64_t spread = wait / 100 * jitter_pct;
    return wait - (spread != 0 ? chance % (spread + 1) : 0);
}
