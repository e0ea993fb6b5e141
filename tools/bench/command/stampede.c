/*
 * stampede.c - many threads ask for one cold key at the same moment: how often does the body run, and when
 * has the last of them its answer?
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "measure/goal.h"

enum {
    THREADS = 64,
};

struct caller {
    pthread_t thread;
    pthread_barrier_t *barrier;
    int64_t key;
    uint64_t start, end;
    bool right;
};

static void *ask(void *argument)
{
    struct caller *caller = argument;

    pthread_barrier_wait(caller->barrier);
    caller->start = now_ns();
    caller->right = cached_cold(caller->key) == caller->key + 1;
    caller->end = now_ns();
    return NULL;
}

/* One stampede: nanoseconds until the last has its answer; 0: no threads, or a wrong answer. */
static uint64_t stampede(int64_t key)
{
    struct caller callers[THREADS];
    pthread_barrier_t barrier;
    uint64_t start = UINT64_MAX;
    uint64_t end = 0;

    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        callers[i] = (struct caller){.barrier = &barrier, .key = key};
        if (pthread_create(&callers[i].thread, NULL, ask, &callers[i]) != 0) {
            fprintf(stderr, "swrbench: cannot start %d threads\n", THREADS);
            exit(1); /* those that wait at the barrier cannot be called back */
        }
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(callers[i].thread, NULL);
        if (!callers[i].right)
            return 0;
        if (callers[i].start < start)
            start = callers[i].start;
        if (callers[i].end > end)
            end = callers[i].end;
    }
    pthread_barrier_destroy(&barrier);
    return end - start;
}

static void show(const struct settings *settings, const struct spread *last, unsigned most)
{
    const double body = BODY_MS * 1e6;
    struct spread bodies = spread_one(most);
    struct spread beyond = {(last->median - body) / 1e6, (last->min - body) / 1e6, (last->max - body) / 1e6,
                            last->rounds};

    if (!settings->json)
        printf("stampede: %d threads, one cold key, a body of %d ms\n"
               "  bodies run, at most          %10u\n"
               "  last answer, median          %10.2f ms\n"
               "  last answer, slowest round   %10.2f ms\n\n",
               THREADS, BODY_MS, most, last->median / 1e6, last->max / 1e6);
    json_begin(settings, "stampede", "cold", "ns", last);
    json_count("threads", THREADS);
    json_count("body_ns", (uint64_t)BODY_MS * 1000000);
    json_count("bodies", most);
    json_end(settings);
    goal_found(GOAL_STAMPEDE_BODIES, &bodies);
    goal_found(GOAL_STAMPEDE_LAST, &beyond);
}

int bench_stampede(const struct settings *settings)
{
    double last[MOST_ROUNDS];
    unsigned most = 0;
    struct spread spread;

    for (int round = 0; round < settings->rounds; round++) {
        unsigned before = slow_bodies();
        unsigned ran;

        last[round] = (double)stampede(round);
        ran = slow_bodies() - before;
        if (ran > most)
            most = ran;
        if (last[round] == 0) {
            fprintf(stderr, "swrbench: stampede: a wrong answer\n");
            return 1;
        }
    }
    spread = spread_of(last, (size_t)settings->rounds);
    spread_warn(&spread, "stampede", "cold");
    show(settings, &spread, most);
    return 0;
}
