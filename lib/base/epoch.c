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

/* Destructors, so that garbage need not say which is its own; added to, never changed. */
static _Atomic(epoch_destroy *) kinds[KINDS];

/* Of one kind, in no order. */
struct heap {
    struct epoch_garbage *open;   /* retired since `closed` was closed */
    struct epoch_garbage *closed; /* what readers of later epochs cannot see */
    uint64_t epoch;               /* of the closed ones: free once every reader is of a later one */
};

static struct garbage {
    alignas(64) struct lock lock; /* not held while anything is freed */
    struct heap heaps[KINDS];
    _Atomic uint32_t waiting; /* what was retired since the last collection, weighed */
} garbage[STRIPES];

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

void epoch_retire(struct epoch_garbage *g, size_t bytes, epoch_destroy *destroy)
{
    struct garbage *mine = &garbage[stripe()];
    struct heap *heap = &mine->heaps[kind_of(destroy)];
    lock_take(&mine->lock);
    g->next = heap->open;
    heap->open = g;
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

static struct epoch_garbage *take_closed(struct heap *heap, uint64_t oldest)
{
    struct epoch_garbage *first = heap->epoch < oldest ? heap->closed : NULL;
    if (first != NULL)
        heap->closed = NULL;
    return first;
}

/* Two steps, as what is closed may have to wait for a reader while others come in. */
static void collect(struct garbage *some)
{
    struct epoch_garbage *old[KINDS], *young[KINDS];
    lock_take(&some->lock);
    bool any = false;
    for (unsigned k = 0; k < KINDS; k++)
        any |= some->heaps[k].open != NULL || some->heaps[k].closed != NULL;
    atomic_store(&some->waiting, 0);
    if (!any) {
        lock_give(&some->lock);
        return;
    }
    /* Every reader reads this word: it is written once for many that are retired. */
    uint64_t epoch = atomic_fetch_add(&epoch_now.global, 2);
    uint64_t oldest = readers_seen() ? oldest_reader() : 0;
    for (unsigned k = 0; k < KINDS; k++) {
        struct heap *heap = &some->heaps[k];
        old[k] = take_closed(heap, oldest);
        young[k] = NULL;
        if (heap->closed == NULL) {
            heap->closed = heap->open;
            heap->epoch = epoch;
            heap->open = NULL;
            young[k] = take_closed(heap, oldest);
        }
    }
    lock_give(&some->lock);
    /* Outside the lock: a destructor may run the user's release function. */
    free_all(old);
    free_all(young);
}

void epoch_tidy(void)
{
    struct garbage *mine = &garbage[stripe()];
    if (atomic_load_explicit(&mine->waiting, memory_order_relaxed) >= COLLECT_EVERY)
        collect(mine);
}

void epoch_collect(void)
{
    for (unsigned i = 0; i < STRIPES; i++)
        collect(&garbage[i]);
}

void garbage_locks(lock_visit *visit)
{
    for (unsigned i = 0; i < STRIPES; i++)
        visit(&garbage[i].lock);
}
