/*
 * promise.h - what every promise's test uses: a check that names its line, a manual clock, and gates that
 * hold a thread at a sync point instead of sleeping.
 */
#ifndef TEST_PROMISE_H
#define TEST_PROMISE_H

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <swrcache.h>

#include "base/sync.h"

static int failures;

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            printf("FAILED: %s:%d: %s\n", __FILE__, __LINE__, #condition);                                   \
            failures++;                                                                                      \
        }                                                                                                    \
    } while (0)

/* The environment is read before main: start once more with the clock stopped. */
static inline void with_manual_clock(char **argv)
{
    if (getenv("SWR_CLOCK") != NULL)
        return;
    setenv("SWR_CLOCK", "manual", 1);
    execv("/proc/self/exe", argv);
    perror("execv");
    exit(2);
}

static inline enum swrcache_outcome outcome(void)
{
    struct swrcache_info info;
    swrcache_last(&info);
    return info.outcome;
}

static inline int finish(const char *what)
{
    printf("%s: %s\n", what, failures == 0 ? "kept" : "BROKEN");
    return failures != 0;
}

/* A gate: threads that reach its sync point stop there until it opens. */
struct gate {
    const char *point;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int waiting;
    int open;
};

static struct gate gate = {NULL, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 1};

static inline void gate_reach(const char *point)
{
    pthread_mutex_lock(&gate.mutex);
    if (gate.point != NULL && strcmp(point, gate.point) == 0 && !gate.open) {
        gate.waiting++;
        pthread_cond_broadcast(&gate.changed);
        while (!gate.open)
            pthread_cond_wait(&gate.changed, &gate.mutex);
        gate.waiting--;
    }
    pthread_mutex_unlock(&gate.mutex);
}

static inline void gate_close(const char *point)
{
    pthread_mutex_lock(&gate.mutex);
    gate.point = point;
    gate.open = 0;
    pthread_mutex_unlock(&gate.mutex);
    atomic_store(&sync_hook, gate_reach);
}

static inline void gate_await(int threads)
{
    pthread_mutex_lock(&gate.mutex);
    while (gate.waiting < threads)
        pthread_cond_wait(&gate.changed, &gate.mutex);
    pthread_mutex_unlock(&gate.mutex);
}

static inline void gate_open(void)
{
    pthread_mutex_lock(&gate.mutex);
    gate.open = 1;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.mutex);
}

#endif
