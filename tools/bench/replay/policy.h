/*
 * policy.h - what exact LRU and ARC would hit on a trace: the marks that the real cache's hit ratio is judged
 * by, in the same run.
 */
#ifndef SWRBENCH_POLICY_H
#define SWRBENCH_POLICY_H

#include "trace.h"

struct policy_hits {
    size_t lru, arc;
};

/* False: no memory. */
bool policy_hits(const struct trace *trace, size_t entries, struct policy_hits *hits);

#endif
