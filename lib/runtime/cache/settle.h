/*
 * settle.h - the memory of what was invalidated goes back to the system within a second, whether anybody
 * comes by afterwards or not.
 *
 * What is dropped is owed (cache.h); once that is worth a thread's while one of the pool sees to it: it
 * shrinks the table, frees what no reader can see any more, and looks again while a reader stands in the way.
 */
#ifndef RUNTIME_SETTLE_H
#define RUNTIME_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

/* No lock held: if enough is owed a worker sees to it, or without one the caller. */
void settle_ask(void);
/* The same, however little it is: something is retired that a reader keeps from being freed. */
void settle_watch(void);

/* A worker's: is it time? When it is to look again, CLOCK_NEVER: not by itself. True: there is more to do. */
bool settle_wanted(void);
uint64_t settle_due(void);
bool settle_some(void);
/* Whoever was at it is not there. */
void settle_fork_child(void);

#endif
