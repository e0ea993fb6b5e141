/*
 * lease.h - the word in an entry that says who may refresh it and from when.
 *
 *   | ns (55 bits, in steps of 512 ns) | fork generation (8 bits) | leased (1 bit) |
 *
 *   free --claim--> leased until T --published--> a new entry, free
 *    ^                 |    |----failed---------> free, but not before T' (back-off)
 *    |---given back----|    |----T passes-------> may be claimed by another (its owner is lost)
 *
 * A lease taken in a fork's parent means nothing in the child: generations differ.
 */
#ifndef RUNTIME_LEASE_H
#define RUNTIME_LEASE_H

#include "base/clock.h"
#include "core/entry.h"

/* Whoever has not finished by then is lost: others may compute. */
#define LEASE_NS (60000 * NS_PER_MS)

extern _Atomic uint32_t lease_generation; /* of this process: raised in a fork's child */

static inline uint64_t lease_word(uint64_t until, bool leased)
{
    return (until & ~UINT64_C(511)) |
           (atomic_load_explicit(&lease_generation, memory_order_relaxed) & 255) << 1 | leased;
}

static inline bool lease_held(uint64_t word, uint64_t now)
{
    return (word & 1) && ((word >> 1) & 255) == (atomic_load(&lease_generation) & 255) &&
           now < (word & ~UINT64_C(511));
}

static inline bool lease_due(uint64_t word, uint64_t now)
{
    if ((word & 1) && ((word >> 1) & 255) != (atomic_load(&lease_generation) & 255))
        return true;
    return now >= (word & ~UINT64_C(511));
}

/* True for one caller: *mine is the word it now holds. */
static inline bool lease_claim(struct entry *e, uint64_t now, uint64_t until, uint64_t *mine)
{
    uint64_t word = atomic_load_explicit(&e->next_refresh, memory_order_relaxed);
    if (!lease_due(word, now))
        return false;
    *mine = lease_word(until, true);
    return atomic_compare_exchange_strong(&e->next_refresh, &word, *mine);
}

/* Gives a lease back: refreshable again from `from`. False: it was no longer ours. */
static inline bool lease_return(struct entry *e, uint64_t mine, uint64_t from)
{
    return atomic_compare_exchange_strong(&e->next_refresh, &mine, lease_word(from, false));
}

#endif
