#include "lock.h"

#ifdef SWRCACHE_TESTING
#include <stdio.h>
#include <stdlib.h>

__thread uint64_t lock_taken;

static const char *const names[LOCK_RANKS] = {
    "a test's own",
#define LOCK_ONE(name, file, guards)  #name,
#define LOCK_MANY(name, file, guards) #name,
#include "locks.def"
};
static const bool many[LOCK_RANKS] = {
    true,
#define LOCK_ONE(name, file, guards)  false,
#define LOCK_MANY(name, file, guards) true,
#include "locks.def"
};

static __thread uint32_t held[LOCK_RANKS], innermost;
static __thread bool all_of_each;

static void out_of_turn(uint32_t rank, uint32_t inner)
{
    fprintf(stderr, "locks: %s is taken inside %s: see lib/base/locks.def\n", names[rank], names[inner]);
    abort();
}

void lock_order_takes(const struct lock *l, bool may_block)
{
    if (l->rank == LOCK_UNRANKED)
        return;
    bool another = l->rank == innermost && !(all_of_each && many[l->rank]);
    /* Who only tries waits for nobody. */
    if (may_block && (l->rank < innermost || another))
        out_of_turn(l->rank, innermost);
    held[l->rank]++;
    if (l->rank > innermost)
        innermost = l->rank;
}

void lock_order_gives(const struct lock *l)
{
    if (l->rank == LOCK_UNRANKED)
        return;
    held[l->rank]--;
    while (innermost != 0 && held[innermost] == 0)
        innermost--;
}

void lock_order_all(bool all)
{
    all_of_each = all;
}
#endif

void lock_slow(struct lock *l)
{
    while (atomic_exchange_explicit(&l->state, 2, memory_order_acquire) != 0)
        os_futex_wait(&l->state, 2, UINT64_MAX);
}
