/*
 * sweep.h - taking out what matches no more: the entries of former generations, and at need those of
 * dictionaries that are too old to be found.
 */
#ifndef RUNTIME_SWEEP_H
#define RUNTIME_SWEEP_H

#include "runtime/registry/function.h"

/* Up to so many entries in all, whoever raises a generation sweeps and counts by itself. */
enum { SWEEP_LITTLE = 16384 };

/* After a generation was raised: now if that is little work, else by a worker. */
void sweep_ask(void);
/* All of it, now. */
void sweep_now(void);
/* The next sweep, asked for by this, takes out what is dead in dictionaries as well: by age, so unnoted. */
void sweep_ask_dead(void);
/* Is there something to sweep? A piece of it, in steps that hold a lock shortly; true: there is more. */
bool sweep_wanted(void);
bool sweep_some(void);

#endif
