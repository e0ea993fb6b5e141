/*
 * stampede.c - many threads ask for one cold key at the same moment: how often does the body run, and when
 * has the last of them its answer?
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "report.h"

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

int bench_stampede(const struct settings *settings)
{
    double *last = calloc((size_t)settings->rounds, sizeof *last);
    unsigned most = 0;
    double typical, longest;

    if (!last) {
        fprintf(stderr, "swrbench: out of memory\n");
        return 1;
    }
    for (int round = 0; round < settings->rounds; round++) {
        unsigned before = slow_bodies();
        unsigned ran;

        last[round] = (double)stampede(round);
        ran = slow_bodies() - before;
        if (ran > most)
            most = ran;
        if (last[round] == 0) {
            fprintf(stderr, "swrbench: stampede: a wrong answer\n");
            free(last);
            return 1;
        }
    }
    typical = median(last, (size_t)settings->rounds);
    longest = last[settings->rounds - 1]; /* median() sorted them */
    if (settings->json) {
        struct spread spread = {typical, last[0], longest, (size_t)settings->rounds};

        json_begin(settings, "stampede", "cold", "ns", &spread);
        json_count("threads", THREADS);
        json_count("body_ns", (uint64_t)BODY_MS * 1000000);
        json_count("bodies", most);
        json_end(settings);
    } else {
        printf("stampede: %d threads, one cold key, a body of %d ms\n", THREADS, BODY_MS);
        printf("  bodies run, at most          %10u\n", most);
        printf("  last answer, median          %10.2f ms\n", typical / 1e6);
        printf("  last answer, slowest round   %10.2f ms\n\n", longest / 1e6);
    }
    free(last);
    return 0;
}
