/*
 * lock.h - a futex mutex of one word: no owner, no allocation, usable across fork by the atfork handlers.
 * States: 0 free, 1 held, 2 held and somebody may sleep (Drepper, "Futexes are tricky", mutex 3).
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include "os.h"

/* Of each lock its place in the order of locks.def, from 1 on; 0: a test's own. */
enum lock_rank {
    LOCK_UNRANKED,
#define LOCK_ONE(name, file, guards)  LOCK_RANK_##name,
#define LOCK_MANY(name, file, guards) LOCK_RANK_##name,
#include "locks.def"
    LOCK_RANKS
};

struct lock {
    _Atomic uint32_t state;
#ifdef SWRCACHE_TESTING
    uint32_t rank; /* set before it is known to others */
#endif
};

typedef void lock_visit(struct lock *l);
#define LOCK_ONE(name, file, guards)  extern struct lock name##_lock OURS;
#define LOCK_MANY(name, file, guards) void name##_locks(lock_visit *visit);
#include "locks.def"

#ifdef SWRCACHE_TESTING
#define LOCK(name)              struct lock name##_lock = {.rank = LOCK_RANK_##name}
#define LOCK_RANKED(lock, name) ((lock)->rank = LOCK_RANK_##name)
/* How many this thread ever took: lets a test show that a hit takes none, whatever others do meanwhile. */
extern __thread uint64_t lock_taken;
/* What this thread holds. Ends the process, with a word, where one is taken out of turn. */
void lock_order_takes(const struct lock *l, bool may_block);
void lock_order_gives(const struct lock *l);
/* A fork takes all of each kind. */
void lock_order_all(bool all);
#else
#define LOCK(name)              struct lock name##_lock
#define LOCK_RANKED(lock, name) ((void)(lock))
static inline void lock_order_takes(const struct lock *l, bool may_block)
{
    (void)l;
    (void)may_block;
}
static inline void lock_order_gives(const struct lock *l)
{
    (void)l;
}
static inline void lock_order_all(bool all)
{
    (void)all;
}
#endif

void lock_slow(struct lock *l);

static inline bool lock_try(struct lock *l)
{
    uint32_t free_ = 0;
    bool mine = atomic_compare_exchange_strong_explicit(&l->state, &free_, 1, memory_order_acquire,
                                                        memory_order_relaxed);
    if (mine)
        lock_order_takes(l, false);
    return mine;
}

static inline void lock_take(struct lock *l)
{
#ifdef SWRCACHE_TESTING
    lock_taken++;
#endif
    lock_order_takes(l, true);
    uint32_t free_ = 0;
    if (unlikely(!atomic_compare_exchange_strong_explicit(&l->state, &free_, 1, memory_order_acquire,
                                                          memory_order_relaxed)))
        lock_slow(l);
}

static inline void lock_give(struct lock *l)
{
    lock_order_gives(l);
    if (unlikely(atomic_exchange_explicit(&l->state, 0, memory_order_release) == 2))
        os_futex_wake(&l->state, 1);
}

#endif
