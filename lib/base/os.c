#define _GNU_SOURCE
#include "os.h"
#include "alive.h"
#include "alloc.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

void *os_map(size_t size, size_t alignment)
{
    int saved = errno;
    size_t whole = size + alignment;
    char *at = whole < size ? MAP_FAILED
                            : mmap(NULL, whole, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
        errno = saved;
        return NULL;
    }
    size_t before = (alignment - ((uintptr_t)at & (alignment - 1))) & (alignment - 1);
    if (before != 0)
        munmap(at, before);
    if (whole - before - size != 0)
        munmap(at + before + size, whole - before - size);
    errno = saved;
    return at + before;
}

void *os_map_at(void *at, size_t size, bool *taken)
{
    int saved = errno;
    void *got = mmap(at, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    *taken = got == MAP_FAILED ? errno == EEXIST : got != at;
    /* Before Linux 4.17 the place was a wish. */
    if (got != MAP_FAILED && got != at)
        munmap(got, size);
    errno = saved;
    return got == at ? got : NULL;
}

uintptr_t os_free_range(size_t size)
{
    int saved = errno;
    void *at = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at != MAP_FAILED)
        munmap(at, size);
    errno = saved;
    return at != MAP_FAILED ? (uintptr_t)at : 0;
}

void os_unmap(void *at, size_t size)
{
    int saved = errno;
    munmap(at, size);
    errno = saved;
}

void os_map_drop(void *at, size_t size)
{
    int saved = errno;
    madvise(at, size, MADV_DONTNEED);
    errno = saved;
}

bool os_map_huge(void *at, size_t size)
{
    int saved = errno;
    /* Now, by Linux 6.1; before it, when the system comes round to it. */
    bool done = madvise(at, size, MADV_COLLAPSE) == 0 || madvise(at, size, MADV_HUGEPAGE) == 0;
    errno = saved;
    return done;
}

uint64_t os_monotonic(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool os_futex_wait(_Atomic uint32_t *word, uint32_t expected, uint64_t deadline_ns)
{
    int saved = errno;
    struct timespec at = {(time_t)(deadline_ns / 1000000000u), (long)(deadline_ns % 1000000000u)};
    long rc = syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected,
                      deadline_ns == UINT64_MAX ? NULL : &at, NULL, FUTEX_BITSET_MATCH_ANY);
    bool in_time = !(rc != 0 && errno == ETIMEDOUT);
    errno = saved;
    return in_time;
}

void os_futex_wake(_Atomic uint32_t *word, int how_many)
{
    int saved = errno;
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, how_many, NULL, NULL, 0);
    errno = saved;
}

static bool filtered_at_start;

static bool filtered(void)
{
    return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) > 0;
}

void os_note_filter(void)
{
    filtered_at_start = filtered();
}

bool os_locked_in(void)
{
    return !filtered_at_start && filtered();
}

bool os_thread_gone(int tid, uint64_t deadline_ns)
{
    int saved = errno;
    bool gone = tid <= 0;
    if (gone || os_locked_in()) /* then to ask may be the end of the program */
        return gone;
    while (!(gone = syscall(SYS_tgkill, getpid(), tid, 0) != 0 && errno == ESRCH) &&
           os_monotonic() < deadline_ns)
        /* Not nanosleep(): see shelter.h. */
        syscall(SYS_nanosleep, &(struct timespec){0, 20000}, NULL);
    errno = saved;
    return gone;
}

void os_thread_vanish(void)
{
    for (;;)
        syscall(SYS_exit, 0);
}

#ifdef __GLIBC__
/* What others lack is weak: pthread_atfork() itself comes with a part of this that is not. */
const char *gnu_get_libc_version(void) __attribute__((weak));
int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *object)
    __attribute__((weak));
extern void *__dso_handle __attribute__((visibility("hidden")));

bool os_own_libc(void)
{
    return gnu_get_libc_version != NULL && __register_atfork != NULL;
}

int os_at_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    return __register_atfork(prepare, parent, child, &__dso_handle);
}
#else
bool os_own_libc(void)
{
    return true;
}

int os_at_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    return pthread_atfork(prepare, parent, child);
}
#endif

static uint64_t system_random(void)
{
    int saved = errno;
    uint64_t value;
    /* Not getrandom(): see shelter.h. */
    if (syscall(SYS_getrandom, &value, sizeof value, GRND_NONBLOCK) != (long)sizeof value) {
        uint64_t now = os_monotonic();
        value = now << 32 ^ now >> 30 ^ (uint64_t)(uintptr_t)&value;
        value *= 0x9E3779B97F4A7C15u;
    }
    errno = saved;
    return value;
}

/* The system is asked once a thread; what follows are steps of splitmix64 (Steele, Lea, Flood 2014). */
uint64_t os_random(void)
{
    static __thread uint64_t state __attribute__((tls_model("initial-exec")));
    if (state == 0)
        state = system_random();
    uint64_t x = state += 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

int os_gettid(void)
{
    return (int)syscall(SYS_gettid);
}
