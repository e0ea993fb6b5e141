#include "fence.h"

#include <stdatomic.h>

enum { FENCES = 4096 };

static _Atomic uint64_t now_ = 1;
static _Atomic uint64_t fences[FENCES];
static _Atomic uint64_t changes[FENCES], digests[FENCES];

uint64_t fence_now(void)
{
    return atomic_load(&now_);
}

/* The later number stays, whoever comes last. */
static void raise_to(_Atomic uint64_t *word, uint64_t number)
{
    uint64_t seen = atomic_load(word);
    while (seen < number && !atomic_compare_exchange_weak(word, &seen, number))
        continue;
}

uint64_t fence_raise(uint64_t id)
{
    uint64_t number = atomic_fetch_add(&now_, 1) + 1;
    raise_to(&fences[id % FENCES], number);
    return number;
}

void fence_changed(uint64_t id, uint64_t digest)
{
    uint64_t number = atomic_fetch_add(&now_, 1) + 1;
    atomic_store(&digests[id % FENCES], digest);
    raise_to(&changes[id % FENCES], number);
}

uint64_t fence_since(uint64_t id, uint64_t since)
{
    uint64_t number = atomic_load(&fences[id % FENCES]);
    return number > since ? number : 0;
}

bool fence_differs(uint64_t id, uint64_t digest, uint64_t since)
{
    if (atomic_load(&changes[id % FENCES]) <= since)
        return false;
    uint64_t now = atomic_load(&digests[id % FENCES]);
    return now == 0 || (digest != 0 && now != digest);
}
