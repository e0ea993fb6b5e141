/*
 * replay.h - what the parts of `swrbench replay` share: each point is a process of its own, with the cache's
 * size as its setting.
 */
#ifndef SWRBENCH_REPLAY_H
#define SWRBENCH_REPLAY_H

#include "measure/bench.h"
#include "trace.h"

enum { SOFT_MS = 60 * 1000, HARD_MS = 300 * 1000 };
enum { QUICK_LENGTH = 200000 }; /* longer traces are left out with --quick */

/* What computing a key costs, drawn from the key: 1 to 1,000 ms. */
enum law { LAW_NONE, LAW_TENTH, LAW_LOG, LAWS };
unsigned replay_cost(uint64_t key, enum law law);

/* The commands: 0 done, 1 failed, 2 wrong usage. */
int bench_order(const struct settings *settings);
int bench_replay(const struct settings *settings);

/* replay_part.c. Print what was hit, and what the hits would have cost by each law. 0 done, 1 failed. */
int replay_point(const struct trace *trace, enum law law);
/* Likewise fresh, stale and missed answers, each beside the oracle's. */
int replay_timed(const struct trace *trace);

#endif
