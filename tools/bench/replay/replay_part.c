/*
 * replay_part.c - in the process of one point: the real table and evictor under a trace, with time that
 * stands still but for what bodies cost.
 */
#include "replay.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <swrcache.h>

#include "oracle.h"

static enum law body_law;

unsigned replay_cost(uint64_t key, enum law law)
{
    double drawn;

    key ^= key >> 30;
    key = (key + 77) * 0xbf58476d1ce4e5b9u;
    key ^= key >> 27;
    key *= 0x94d049bb133111ebu;
    drawn = (double)((key ^ key >> 31) >> 11) * 0x1p-53;
    if (law == LAW_TENTH)
        return drawn < 0.9 ? 1 : 1000;
    return law == LAW_LOG ? (unsigned)pow(1000, drawn) : 0;
}

SWR_CACHED(uint64_t, replayed, (SWR_VAL(uint64_t, key)), .ttl_ms = SWR_FOREVER, .region = "bench.replay")
{
    unsigned cost = replay_cost(key, body_law);

    if (cost)
        swrcache_advance(cost);
    return key + 1;
}

SWR_CACHED(uint64_t, replayed_timed, (SWR_VAL(uint64_t, key)), .ttl_ms = SOFT_MS,
           .stale_ms = HARD_MS - SOFT_MS, .stale_if_error_ms = 0, .jitter_pct = 0, .region = "bench.replay")
{
    return key + 1;
}

static enum swrcache_outcome outcome(void)
{
    struct swrcache_info info;

    swrcache_last(&info);
    return info.outcome;
}

int replay_point(const struct trace *trace, enum law law)
{
    size_t hits = 0;
    double saved[LAWS] = {0};

    body_law = law;
    for (size_t at = 0; at < trace->length; at++) {
        if (replayed(trace->keys[at]) != trace->keys[at] + 1) {
            fprintf(stderr, "swrbench: replay: a wrong answer\n");
            return 1;
        }
        if (outcome() != SWR_HIT)
            continue;
        hits++;
        for (enum law by = LAW_TENTH; by < LAWS; by++)
            saved[by] += replay_cost(trace->keys[at], by);
    }
    printf("%zu %.17g %.17g\n", hits, saved[LAW_TENTH], saved[LAW_LOG]);
    return 0;
}

/* A caller only tries the pool's lock: a refresh that was dropped is asked for again. */
static void await_refresh(uint64_t key)
{
    uint64_t value;

    swrcache_drain(60000);
    for (int again = 0; again < 100 && SWR_PEEK(replayed_timed, &value, key) && outcome() != SWR_HIT;
         again++) {
        SWR_REFRESH(replayed_timed, key);
        swrcache_drain(60000);
    }
}

int replay_timed(const struct trace *trace)
{
    uint64_t expected[ORACLE_ANSWERS], counts[ORACLE_ANSWERS] = {0}, differ = 0, now = 0;
    unsigned char *oracle = oracle_answers(trace, SOFT_MS, HARD_MS, expected);

    if (!oracle) {
        fprintf(stderr, "swrbench: out of memory\n");
        return 1;
    }
    for (size_t at = 0; at < trace->length; at++) {
        enum oracle_answer answer;

        swrcache_advance(trace->ms[at] - now);
        now = trace->ms[at];
        replayed_timed(trace->keys[at]);
        answer = outcome() == SWR_HIT         ? ORACLE_FRESH
                 : outcome() == SWR_STALE_HIT ? ORACLE_STALE
                                              : ORACLE_MISS;
        if (answer == ORACLE_STALE)
            await_refresh(trace->keys[at]);
        counts[answer]++;
        differ += answer != oracle[at];
    }
    free(oracle);
    for (int kind = 0; kind < ORACLE_ANSWERS; kind++)
        printf("%llu %llu ", (unsigned long long)counts[kind], (unsigned long long)expected[kind]);
    printf("%llu\n", (unsigned long long)differ);
    return 0;
}
