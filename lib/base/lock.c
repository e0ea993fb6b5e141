#include "lock.h"

_Atomic uint64_t lock_taken;

void lock_slow(struct lock *l)
{
    while (atomic_exchange_explicit(&l->state, 2, memory_order_acquire) != 0)
        os_futex_wait(&l->state, 2, UINT64_MAX);
}
