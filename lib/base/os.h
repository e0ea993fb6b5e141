/*
 * os.h - the one door to the system: memory, futex, time. Threads begin in service.h.
 *
 * Nothing here prints, aborts or leaves errno changed on success. Allocation goes through os_alloc() so
 * that a test can make the n-th one fail.
 */
#ifndef BASE_OS_H
#define BASE_OS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Of a variable that hits read: without it an extern declaration goes through the table of other objects'. */
#define OURS __attribute__((visibility("hidden")))

/* Zeroed or not, by alloc.h; NULL when there is none. os_free(NULL) is allowed. */
void *os_alloc(size_t size);
void *os_zalloc(size_t size);
void *os_alloc_aligned(size_t alignment, size_t size);
void os_free(void *p);

/*
 * Address space in whole pages, zero when first read; `alignment` a power of two. drop: the memory behind it
 * goes back, what is read next is zero. huge: to be backed by huge pages where the system has them; what is
 * not there yet may then be.
 */
void *os_map(size_t size, size_t alignment);
/* At that very place, which nothing may have taken: `taken` says whether that is why there is none. */
void *os_map_at(void *at, size_t size, bool *taken);
/* A range of addresses that nothing uses now, and that nothing keeps free either. 0: there is none. */
uintptr_t os_free_range(size_t size);
void os_unmap(void *at, size_t size);
void os_map_drop(void *at, size_t size);
bool os_map_huge(void *at, size_t size);

/* Tests: the n-th allocation from now fails (`forever`: and all after it); 0 switches it off. */
void os_alloc_fail_at(uint64_t n, bool forever);
uint64_t os_alloc_count(void); /* how many this thread tried */

/* The time by which this file knows deadlines: the system's own, whatever clock.h was set to. */
uint64_t os_monotonic(void);

/*
 * Sleeps while *word == expected, until `deadline_ns` on CLOCK_MONOTONIC (UINT64_MAX: no limit) or a wake.
 * Returns false when the deadline passed. Spurious wakes happen.
 */
bool os_futex_wait(_Atomic uint32_t *word, uint32_t expected, uint64_t deadline_ns);
void os_futex_wake(_Atomic uint32_t *word, int how_many);

/* Once, at the start: a filter of system calls that is there already allows what programs commonly do. */
void os_note_filter(void);
/* Has one come since? */
bool os_locked_in(void);

/*
 * Waits until a thread of this process is no more, for the system as for libc, which takes a moment after its
 * last word. False: `deadline_ns` on CLOCK_MONOTONIC passed; 0 only looks.
 */
bool os_thread_gone(int tid, uint64_t deadline_ns);

/* Ends the calling thread without a word to anybody: no destructors, no handlers of exit(). */
void os_thread_vanish(void) __attribute__((noreturn));

/*
 * The libc that this was built for. Loaded into a program of another, for a child of a program that we are
 * preloaded into may be one, nothing here may run; it must load all the same.
 */
bool os_own_libc(void);
int os_at_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void));

uint64_t os_random(void);
int os_gettid(void);

/* Between two looks at a word that another core is about to write. */
static inline void os_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
