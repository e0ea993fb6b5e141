#include "lock.h"

#ifdef SWRCACHE_TESTING
_Atomic uint64_t lock_taken;
#endif

void lock_slow(struct lock *l)
{
    while (atomic_exchange_explicit(&l->state, 2, memory_order_acquire) != 0)
        os_futex_wait(&l->state, 2, UINT64_MAX);
}
