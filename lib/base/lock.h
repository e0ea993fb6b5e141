/*
 * lock.h - a futex mutex of one word: no owner, no allocation, usable across fork by the atfork handlers.
 * States: 0 free, 1 held, 2 held and somebody may sleep (Drepper, "Futexes are tricky", mutex 3).
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include "os.h"

struct lock {
    _Atomic uint32_t state;
};

#ifdef SWRCACHE_TESTING
/* How many were ever taken: lets a test show that a hit takes none. One line for all threads: not in the
 * product. */
extern _Atomic uint64_t lock_taken;
#endif

void lock_slow(struct lock *l);

static inline bool lock_try(struct lock *l)
{
    uint32_t free_ = 0;
    return atomic_compare_exchange_strong_explicit(&l->state, &free_, 1, memory_order_acquire,
                                                   memory_order_relaxed);
}

static inline void lock_take(struct lock *l)
{
#ifdef SWRCACHE_TESTING
    atomic_fetch_add_explicit(&lock_taken, 1, memory_order_relaxed);
#endif
    if (unlikely(!lock_try(l)))
        lock_slow(l);
}

static inline void lock_give(struct lock *l)
{
    if (unlikely(atomic_exchange_explicit(&l->state, 0, memory_order_release) == 2))
        os_futex_wake(&l->state, 1);
}

static inline void lock_reset(struct lock *l)
{
    atomic_store(&l->state, 0);
}

#endif
