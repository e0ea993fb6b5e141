/* hazard.h - what the programs of this directory share: checks, threads and time. */
#ifndef HAZARD_H
#define HAZARD_H

#include "swrcache.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static _Atomic int hazard_failures;

#define CHECK(what)                                                                                          \
    do {                                                                                                     \
        if (!(what)) {                                                                                       \
            hazard_failures++;                                                                               \
            fprintf(stderr, "FAILED: %s, line %d: %s\n", __FILE__, __LINE__, #what);                         \
        }                                                                                                    \
    } while (0)

#if defined(__has_feature)
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
enum { THREAD_SANITIZED = 1 };
#else
enum { THREAD_SANITIZED = 0 };
#endif

#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
/* A child of fork() may start threads: its pool. */
const char *__tsan_default_options(void);
__attribute__((visibility("default"))) const char *__tsan_default_options(void)
{
    return "die_after_fork=0";
}
#endif

/* AddressSanitizer's allocator is not made for fork(): a child may wait for ever for a lock that another
 * thread held. Whoever forks has no other thread allocate then. */
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
enum { ADDRESS_SANITIZED = 1 };
#else
enum { ADDRESS_SANITIZED = 0 };
#endif

/* Under sanitizers the numbers of rounds shrink and memory is not measured. */
enum { SANITIZED = THREAD_SANITIZED || ADDRESS_SANITIZED || HAS_FEATURE(memory_sanitizer) };

__attribute__((unused)) static enum swrcache_outcome outcome(void)
{
    struct swrcache_info info;
    swrcache_last(&info);
    return info.outcome;
}

__attribute__((unused)) static void pause_ms(long ms)
{
    struct timespec span = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&span, &span) != 0 && errno == EINTR)
        ;
}

/* The constructors read the environment: set it and start over. */
__attribute__((unused)) static void with_manual_clock(char **argv)
{
    const char *clock = getenv("SWR_CLOCK");
    if (clock != NULL && strcmp(clock, "manual") == 0)
        return;
    setenv("SWR_CLOCK", "manual", 1);
    execv("/proc/self/exe", argv);
    perror("exec");
    _exit(2);
}

/* Kills the whole program where it hangs. */
static void hazard_hung(int number)
{
    static const char text[] = "FAILED: hung\n";
    (void)number;
    if (write(2, text, sizeof text - 1) < 0)
        _exit(4);
    _exit(3);
}

/* fork(), of a child that may allocate. */
__attribute__((unused)) static pid_t fork_calmly(void)
{
    CHECK(!ADDRESS_SANITIZED || swrcache_drain(60000));
    return fork();
}

/* `s`: what a quiet machine never needs. A busy one is slow, not hung. */
static inline void watchdog(unsigned s)
{
    signal(SIGALRM, hazard_hung);
    alarm(5 * s);
}

/* The exit status of a child, or -1 for one that was killed. A hung child has its own watchdog. */
__attribute__((unused)) static int wait_child(pid_t child)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline int finish(const char *name)
{
    if (hazard_failures == 0)
        printf("%s: as promised\n", name);
    return hazard_failures != 0;
}

#endif
