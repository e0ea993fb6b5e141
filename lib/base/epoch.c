#define _GNU_SOURCE
#include "epoch.h"
#include "lock.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

struct epoch_now epoch_now = {.global = 1};

static _Atomic(struct epoch_record *) records;
static struct lock garbage_lock;
static struct epoch_garbage *garbage_first; /* oldest first; garbage_lock */
static struct epoch_garbage **garbage_last = &garbage_first;
static _Atomic uint32_t garbage_waiting; /* retired since the last collection */

enum { COLLECT_EVERY = 64 };

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
    atomic_store(&epoch_now.light,
                 syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0);
    errno = saved;
#endif
}

/* Makes every reader's announcement visible. False: it cannot be known, free nothing this time. */
static bool readers_seen(void)
{
    if (!atomic_load(&epoch_now.light))
        return true;
    int saved = errno;
    bool done = syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
    if (!done)
        atomic_store(&epoch_now.light, false); /* forbidden since: from now on readers pay for themselves */
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

void epoch_retire(struct epoch_garbage *g, void (*destroy)(struct epoch_garbage *))
{
    g->next = NULL;
    g->destroy = destroy;
    lock_take(&garbage_lock);
    g->epoch = atomic_load(&epoch_now.global);
    *garbage_last = g;
    garbage_last = &g->next;
    atomic_fetch_add_explicit(&garbage_waiting, 1, memory_order_relaxed);
    lock_give(&garbage_lock);
}

void epoch_tidy(void)
{
    if (atomic_load_explicit(&garbage_waiting, memory_order_relaxed) >= COLLECT_EVERY)
        epoch_collect();
}

void epoch_collect(void)
{
    lock_take(&garbage_lock);
    atomic_store(&garbage_waiting, 0);
    /* Every reader reads this word: it is written once for many that are retired. */
    if (garbage_first != NULL)
        atomic_fetch_add(&epoch_now.global, 1);
    uint64_t oldest = readers_seen() ? oldest_reader() : 0;
    struct epoch_garbage *first = garbage_first, **end = &garbage_first;
    while (*end != NULL && (*end)->epoch < oldest)
        end = &(*end)->next;
    if (end == &garbage_first) {
        lock_give(&garbage_lock);
        return;
    }
    garbage_first = *end;
    *end = NULL;
    if (garbage_first == NULL)
        garbage_last = &garbage_first;
    lock_give(&garbage_lock);
    /* Outside the lock: a destructor may run the user's release function. */
    while (first != NULL) {
        struct epoch_garbage *next = first->next;
        first->destroy(first);
        first = next;
    }
}

void epoch_fork_prepare(void)
{
    lock_take(&garbage_lock);
}

void epoch_fork_release(void)
{
    lock_give(&garbage_lock);
}
