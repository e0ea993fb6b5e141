#define _GNU_SOURCE
#include "os.h"
#include "alive.h"
#include "alloc.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Faults and counts are the tests': the product writes no word common to all threads for them. */
#ifdef SWRCACHE_TESTING
static _Atomic uint64_t alloc_count;
static __thread uint64_t alloc_own; /* of this thread */
static _Atomic uint64_t alloc_fail_at;
static _Atomic bool alloc_fail_forever;

static bool must_fail(void)
{
    alloc_own++;
    uint64_t n = atomic_fetch_add_explicit(&alloc_count, 1, memory_order_relaxed) + 1;
    uint64_t at = atomic_load_explicit(&alloc_fail_at, memory_order_relaxed);
    return unlikely(at != 0) && (n == at || (n > at && atomic_load(&alloc_fail_forever)));
}

void os_alloc_fail_at(uint64_t n, bool forever)
{
    atomic_store(&alloc_fail_forever, forever);
    atomic_store(&alloc_fail_at, n ? atomic_load(&alloc_count) + n : 0);
}

uint64_t os_alloc_count(void)
{
    return alloc_own;
}
#else
static bool must_fail(void)
{
    return false;
}
#endif

/*
 * A signal handler may interrupt its thread in here and call a cached function: the allocator's lock is taken
 * then. It gets no memory, and what it frees is put aside for the next who comes.
 */
static __thread bool inside __attribute__((tls_model("initial-exec")));
static _Atomic(void *) put_aside; /* linked by their first words */

static void *get(size_t size, bool zeroed)
{
    if (must_fail() || inside || alive_dead())
        return NULL;
    inside = true;
    atomic_signal_fence(memory_order_seq_cst);
    void *p = alloc_get(size, zeroed);
    void *aside = atomic_load_explicit(&put_aside, memory_order_relaxed);
    if (unlikely(aside != NULL))
        aside = atomic_exchange(&put_aside, NULL);
    while (unlikely(aside != NULL)) {
        void *next = *(void **)aside;
        alloc_put(aside);
        aside = next;
    }
    atomic_signal_fence(memory_order_seq_cst);
    inside = false;
    return p;
}

void *os_alloc(size_t size)
{
    return get(size, false);
}

void *os_zalloc(size_t size)
{
    return get(size, true);
}

void *os_alloc_aligned(size_t alignment, size_t size)
{
    /* A size that is a multiple starts at one: alloc.h. */
    return get((size + alignment - 1) & ~(alignment - 1), false);
}

void os_free(void *p)
{
    if (p == NULL || alive_dead())
        return;
    if (unlikely(inside)) {
        void *first = atomic_load(&put_aside);
        do
            *(void **)p = first;
        while (!atomic_compare_exchange_weak(&put_aside, &first, p));
        return;
    }
    inside = true;
    atomic_signal_fence(memory_order_seq_cst);
    alloc_put(p);
    atomic_signal_fence(memory_order_seq_cst);
    inside = false;
}
