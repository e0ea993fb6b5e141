/* gate.h - threads that reach a sync point of the runtime stop there until a test lets them go. */
#ifndef TEST_GATE_H
#define TEST_GATE_H

#include <pthread.h>
#include <string.h>

#include "base/sync.h"

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
