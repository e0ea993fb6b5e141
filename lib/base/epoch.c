#define _GNU_SOURCE
#include "epoch.h"
#include "lock.h"
#include "stripe.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

struct epoch_now epoch_now = {.global = 2 | EPOCH_HEAVY};

static _Atomic(struct epoch_record *) records;
enum { COLLECT_EVERY = 64, WEIGHT = 4096, KINDS = 8 }; /* so many bytes count as one more */
enum { TOLD_FROM = 64 << 10 };                         /* bytes that a stripe has before it tells of them */

/* Destructors, so that garbage need not say which is its own; added to, never changed. */
static _Atomic(epoch_destroy *) kinds[KINDS];

/* Of one kind, in no order. */
struct heap {
    struct epoch_garbage *open;   /* retired since `closed` was closed */
    struct epoch_garbage *closed; /* what readers of later epochs cannot see */
    uint64_t epoch;               /* of the closed ones: free once every reader is of a later one */
    uint64_t open_bytes, closed_bytes;
};

static struct garbage {
    alignas(64) struct lock lock; /* not held while anything is freed */
    struct heap heaps[KINDS];
    _Atomic uint32_t waiting; /* what was retired since the last collection, weighed */
    uint64_t untold;          /* bytes that do not stand in waiting_bytes yet */
} garbage[STRIPES];

/* Retired and not freed, but for what stripes have not told; on a line of its own, as every store asks. */
static struct {
    alignas(64) _Atomic uint64_t bytes;
    _Atomic uint64_t
        stuck_at; /* the reader's epoch for which the last collection freed too little; 0: none */
} waiting;

void epoch_start(void)
{
/* ThreadSanitizer does not know membarrier. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif
#if !defined(__SANITIZE_THREAD__)
    int saved = errno;
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0)
        atomic_fetch_add(&epoch_now.global, 1); /* an even epoch: not heavy */
    errno = saved;
#endif
}

/* Makes every reader's announcement visible. False: it cannot be known, free nothing this time. */
static bool readers_seen(void)
{
    if (atomic_load(&epoch_now.global) & EPOCH_HEAVY)
        return true;
    int saved = errno;
    bool done = syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
    if (!done) /* forbidden since: from now on readers pay for themselves */
        atomic_fetch_or(&epoch_now.global, EPOCH_HEAVY);
    errno = saved;
    return done;
}

void epoch_join(struct epoch_record *record)
{
    atomic_store(&record->used, 1);
    struct epoch_record *head = atomic_load(&records);
    do
        record->next = head;
    while (!atomic_compare_exchange_weak(&records, &head, record));
}

void epoch_reset_others(struct epoch_record *mine)
{
    for (struct epoch_record *r = atomic_load(&records); r != NULL; r = r->next) {
        if (r == mine)
            continue;
        atomic_store(&r->announced, 0);
        r->depth = 0;
        atomic_store(&r->used, 0);
    }
}

static uint64_t oldest_reader(void)
{
    uint64_t oldest = UINT64_MAX;
    for (struct epoch_record *r = atomic_load(&records); r != NULL; r = r->next) {
        uint64_t e = atomic_load_explicit(&r->announced, memory_order_seq_cst);
        if (e != 0 && e < oldest)
            oldest = e;
    }
    return oldest;
}

static unsigned kind_of(epoch_destroy *destroy)
{
    for (unsigned k = 0; k < KINDS; k++) {
        epoch_destroy *none = NULL;
        if (atomic_load_explicit(&kinds[k], memory_order_acquire) == destroy ||
            atomic_compare_exchange_strong(&kinds[k], &none, destroy) || none == destroy)
            return k;
    }
    __builtin_unreachable(); /* there are fewer in the source */
}

/* Its lock held. */
static void tell(struct garbage *some)
{
    atomic_fetch_add_explicit(&waiting.bytes, some->untold, memory_order_relaxed);
    some->untold = 0;
}

void epoch_retire(struct epoch_garbage *g, size_t bytes, epoch_destroy *destroy)
{
    struct garbage *mine = &garbage[stripe()];
    struct heap *heap = &mine->heaps[kind_of(destroy)];
    lock_take(&mine->lock);
    g->next = heap->open;
    heap->open = g;
    heap->open_bytes += bytes;
    if ((mine->untold += bytes) >= TOLD_FROM)
        tell(mine);
    atomic_fetch_add_explicit(&mine->waiting, 1 + (uint32_t)(bytes / WEIGHT), memory_order_relaxed);
    lock_give(&mine->lock);
}

static void free_all(struct epoch_garbage *const first[KINDS])
{
    for (unsigned k = 0; k < KINDS; k++)
        for (struct epoch_garbage *g = first[k], *next; g != NULL; g = next) {
            next = g->next;
            atomic_load (&kinds[k])(g);
        }
}

static struct epoch_garbage *take_closed(struct heap *heap, uint64_t oldest, uint64_t *bytes)
{
    struct epoch_garbage *first = heap->epoch < oldest ? heap->closed : NULL;
    if (first != NULL) {
        heap->closed = NULL;
        *bytes += heap->closed_bytes;
    }
    return first;
}

/* Two steps, as what is closed may have to wait for a reader while others come in. As epoch_collect(). */
static uint64_t collect(struct garbage *some)
{
    struct epoch_garbage *old[KINDS], *young[KINDS];
    uint64_t freed = 0, waits = UINT64_MAX;
    lock_take(&some->lock);
    bool any = false;
    for (unsigned k = 0; k < KINDS; k++)
        any |= some->heaps[k].open != NULL || some->heaps[k].closed != NULL;
    atomic_store(&some->waiting, 0);
    if (!any) {
        lock_give(&some->lock);
        return waits;
    }
    tell(some);
    /* Every reader reads this word: it is written once for many that are retired. */
    uint64_t epoch = atomic_fetch_add(&epoch_now.global, 2);
    uint64_t oldest = readers_seen() ? oldest_reader() : 0;
    for (unsigned k = 0; k < KINDS; k++) {
        struct heap *heap = &some->heaps[k];
        old[k] = take_closed(heap, oldest, &freed);
        young[k] = NULL;
        if (heap->closed == NULL) {
            heap->closed = heap->open;
            heap->closed_bytes = heap->open_bytes;
            heap->epoch = epoch;
            heap->open = NULL;
            heap->open_bytes = 0;
            young[k] = take_closed(heap, oldest, &freed);
        }
        if (heap->closed != NULL && heap->epoch < waits)
            waits = heap->epoch;
    }
    lock_give(&some->lock);
    /* Outside the lock: a destructor may run the user's release function. */
    free_all(old);
    free_all(young);
    atomic_fetch_sub_explicit(&waiting.bytes, freed, memory_order_relaxed);
    return waits;
}

void epoch_tidy(void)
{
    struct garbage *mine = &garbage[stripe()];
    if (atomic_load_explicit(&mine->waiting, memory_order_relaxed) >= COLLECT_EVERY)
        collect(mine);
}

uint64_t epoch_collect(void)
{
    uint64_t waits = UINT64_MAX;
    for (unsigned i = 0; i < STRIPES; i++) {
        uint64_t oldest = collect(&garbage[i]);
        waits = oldest < waits ? oldest : waits;
    }
    return waits;
}

uint64_t epoch_closed(void)
{
    return atomic_load(&epoch_now.global);
}

uint64_t epoch_waiting(void)
{
    return atomic_load_explicit(&waiting.bytes, memory_order_relaxed);
}

bool epoch_stuck(uint64_t most)
{
    if (epoch_waiting() <= most)
        return false;
    /* As long as the oldest reader is the one that it failed for, another collection frees nothing. */
    uint64_t at = atomic_load(&waiting.stuck_at);
    if (at != 0 && oldest_reader() == at)
        return true;
    epoch_collect();
    bool stuck = epoch_waiting() > most;
    uint64_t oldest = stuck ? oldest_reader() : 0;
    atomic_store(&waiting.stuck_at, oldest != UINT64_MAX ? oldest : 0);
    return stuck;
}

void garbage_locks(lock_visit *visit)
{
    for (unsigned i = 0; i < STRIPES; i++)
        visit(&garbage[i].lock);
}
