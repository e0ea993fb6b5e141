/*
 * idle.h - a process that has used the cache and does nothing now: how often is it woken?
 */
#ifndef SWRBENCH_IDLE_H
#define SWRBENCH_IDLE_H

#include "measure/bench.h"

/* Starts one beside the other commands, and says what became of it. */
void idle_begin(void);
int idle_end(const struct settings *settings);

#endif
