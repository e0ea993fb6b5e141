/*
 * oracle.h - what stale-while-revalidate must answer on a timed trace: virtual time, no threads, no runtime.
 * A computation takes no time; an entry is fresh for `soft` ms, stale until `hard`, then gone.
 */
#ifndef SWRBENCH_ORACLE_H
#define SWRBENCH_ORACLE_H

#include "trace.h"

enum oracle_answer { ORACLE_FRESH, ORACLE_STALE, ORACLE_MISS, ORACLE_ANSWERS };

/* One answer for each request, or NULL. The caller frees it. */
unsigned char *oracle_answers(const struct trace *trace, uint64_t soft_ms, uint64_t hard_ms,
                              uint64_t counts[ORACLE_ANSWERS]);

#endif
