#define _GNU_SOURCE
#include "clock.h"

#include <dlfcn.h>
#include <sys/auxv.h>

struct clock_used clock_used = {.source = clock_gettime};
/*
 * A tick adds whole ticks alone, so that up to one is left over, and the next comes one later: nearly two,
 * and another for a tick that a busy host hands on late.
 */
enum { TICKS = 3 };
static bool moved_by_hand;
static _Atomic uint64_t hand; /* manual mode's now */

static int by_hand(clockid_t id, struct timespec *t)
{
    uint64_t now = atomic_load(&hand);
    (void)id;
    t->tv_sec = (time_t)(now / NS_PER_S);
    t->tv_nsec = (long)(now % NS_PER_S);
    return 0;
}

/* Somebody's own clock_gettime() (libfaketime's, a sanitizer's) is then the clock of everything here. */
static bool interposed(void)
{
    Dl_info clock, libc;
    return dladdr((void *)(uintptr_t)clock_gettime, &clock) == 0 ||
           dladdr((void *)(uintptr_t)getauxval, &libc) == 0 || clock.dli_fbase != libc.dli_fbase;
}

/* The kernel's own function, mapped into every process: without libc's way to it a reading costs a third
 * less. */
static void find_source(void)
{
#if defined(__x86_64__)
    static const char name[] = "__vdso_clock_gettime";
#else
    static const char name[] = "__kernel_clock_gettime";
#endif
    void *vdso = interposed() ? NULL : dlopen("linux-vdso.so.1", RTLD_NOW | RTLD_NOLOAD);
    clock_read *found = NULL;
    struct timespec t;
    if (vdso == NULL)
        return;
    *(void **)&found = dlsym(vdso, name);
    if (found != NULL && found(CLOCK_MONOTONIC, &t) == 0 && found(CLOCK_MONOTONIC_COARSE, &t) == 0)
        clock_used.source = found;
}

void clock_start(bool manual)
{
    struct timespec tick = {0, 4000000};
    moved_by_hand = manual;
    clock_used.source = clock_gettime;
    if (manual)
        clock_used.source = by_hand;
    else
        find_source();
    /* Not zero: a birth time of zero stands for none. */
    atomic_store(&hand, NS_PER_S);
    clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
    clock_used.lag = manual ? 0 : TICKS * ((uint64_t)tick.tv_nsec + (uint64_t)tick.tv_sec * NS_PER_S);
}

bool clock_manual(void)
{
    return moved_by_hand;
}

void clock_advance(uint64_t ns)
{
    uint64_t old = atomic_load(&hand);
    while (!atomic_compare_exchange_weak(&hand, &old, clock_add(old, ns)))
        ;
}

uint64_t clock_sleep_until(uint64_t deadline)
{
    /* Time by hand: whoever advances it wakes the sleepers. */
    return moved_by_hand ? CLOCK_NEVER : deadline;
}
