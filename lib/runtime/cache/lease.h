/*
 * lease.h - who may refresh an entry, and from when: in the word of the entry that says when it stops being
 * fresh (drawn in entry.h), which is of no more use once it has.
 *
 *   fresh --time passes--> free --claim--> turn, leased until T --published--> a new entry, fresh
 *                           ^                 |    |----failed------> turn, not before T' (back-off)
 *                           |---given back----|    |----T passes----> may be claimed by another
 *
 * While an entry is fresh a lease is a mark beside its time, and ends with it. A lease taken in a fork's
 * parent means nothing in the child: generations differ.
 */
#ifndef RUNTIME_LEASE_H
#define RUNTIME_LEASE_H

#include "core/entry.h"

/* Whoever has not finished by then is lost: others may compute. */
#define LEASE_NS (60000 * NS_PER_MS)

extern _Atomic uint32_t lease_generation OURS; /* of this process: raised in a fork's child */

static inline uint64_t lease_mine(void)
{
    return ENTRY_LEASED | (atomic_load(&lease_generation) & UINT64_C(3)) << ENTRY_FORK_AT;
}

/* By somebody of this process. */
static inline bool lease_taken(uint64_t when)
{
    const uint64_t bits = ENTRY_LEASED | UINT64_C(3) << ENTRY_FORK_AT;
    return (when & bits) == lease_mine();
}

static inline bool lease_held(uint64_t when, uint64_t now)
{
    return lease_taken(when) && now < entry_ns(when & ENTRY_TIME);
}

enum lease_state {
    LEASE_DUE,     /* a refresh may begin */
    LEASE_HELD,    /* one is under way */
    LEASE_RESTING, /* one failed, and its back-off lasts */
    LEASE_STATES
};

static inline enum lease_state lease_state(uint64_t when, uint64_t now)
{
    if (when & ENTRY_LEASED)
        return lease_held(when, now) ? LEASE_HELD : LEASE_DUE;
    return (when & ENTRY_TURN) && now < entry_ns(when & ENTRY_TIME) ? LEASE_RESTING : LEASE_DUE;
}

static inline bool lease_due(uint64_t when, uint64_t now)
{
    return lease_state(when, now) == LEASE_DUE;
}

/* How long refreshing rests after so many failures in a row: from `first` on, doubled each time, `most` at
 * most; up to `jitter_pct` percent less, by the random number `chance`. */
uint64_t lease_back_off(uint64_t first, uint64_t most, uint32_t failures, unsigned jitter_pct,
                        uint64_t chance);

static inline uint64_t lease_word(struct entry *e)
{
    return atomic_load_explicit(&e->when, memory_order_relaxed);
}

/* Puts `to` where `from` is, whatever becomes of flags meanwhile. */
static inline bool lease_change(struct entry *e, uint64_t from, uint64_t to)
{
    uint64_t when = atomic_load(&e->when);
    while ((when & ENTRY_WHEN) == (from & ENTRY_WHEN))
        if (atomic_compare_exchange_weak(&e->when, &when, (when & ~ENTRY_WHEN) | (to & ENTRY_WHEN)))
            return true;
    return false;
}

/* True for one caller: *mine is the word it now holds. */
static inline bool lease_claim(struct entry *e, uint64_t now, uint64_t *mine)
{
    uint64_t when = lease_word(e);
    if (!lease_due(when, now))
        return false;
    if (entry_is_fresh(when, now))
        *mine = (when & ENTRY_TIME) | lease_mine();
    else
        *mine = entry_time(clock_add(now, LEASE_NS)) | ENTRY_TURN | lease_mine();
    return lease_change(e, when, *mine);
}

/* What an entry comes to whose refresh ended without a new one: it is refreshable again from `from`. */
static inline uint64_t lease_after(uint64_t when, uint64_t now, uint64_t from)
{
    return entry_is_fresh(when, now) ? when & ENTRY_TIME : entry_time(from) | ENTRY_TURN;
}

/* Gives a lease back. False: it was no longer ours. */
static inline bool lease_return(struct entry *e, uint64_t mine, uint64_t now, uint64_t from)
{
    return lease_change(e, mine, lease_after(mine, now, from));
}

/* The shard locked: whoever had a lease has it no more. */
static inline void lease_end(struct entry *e, uint64_t now, uint64_t from)
{
    uint64_t when = lease_word(e);
    while (!lease_change(e, when, lease_after(when, now, from)))
        when = lease_word(e);
}

/* The shard locked: an entry that was fresh is stale from `now` on, and a lease stays with its owner. */
static inline void lease_expire(struct entry *e, uint64_t now)
{
    uint64_t when = lease_word(e);
    while (!lease_change(e, when,
                         lease_taken(when) ? entry_time(clock_add(now, LEASE_NS)) | ENTRY_TURN | lease_mine()
                                           : ENTRY_TURN))
        when = lease_word(e);
}

/* A back-off ends; a lease stays with its owner. */
static inline void lease_hasten(struct entry *e)
{
    uint64_t when = lease_word(e);
    if ((when & ENTRY_TURN) && !(when & ENTRY_LEASED))
        lease_change(e, when, ENTRY_TURN);
}

#endif
