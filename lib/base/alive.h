/*
 * alive.h - whether the runtime may be used in this process. It may not in a child of a fork that ran no
 * atfork handlers (its locks may be held by threads that are not there), nor once the program ends: then
 * nothing takes a lock, there is no memory, and functions are called plainly.
 */
#ifndef BASE_ALIVE_H
#define BASE_ALIVE_H

#include "os.h"

/*
 * What the word says: DEAD; NEW: the first call has something to do; else up to which announcement of its
 * family (base/family.h) this process has obeyed, counted from READY on, where a process without one stays.
 */
enum { ALIVE_DEAD, ALIVE_NEW, ALIVE_READY };

/* Lies, from alive_start() on, on a page of its own that such a child finds wiped (MADV_WIPEONFORK). */
extern _Atomic uint64_t *alive_word OURS;
/* The latest announcement: in memory that the family shares, once there is one. */
extern _Atomic(const _Atomic uint64_t *) alive_now OURS;

void alive_start(void); /* before there is a second thread that knows of the runtime */

static inline bool alive_dead(void)
{
    return unlikely(atomic_load(alive_word) == ALIVE_DEAD);
}

/* Nothing is left to be done before a call; all that others announced is obeyed. */
static inline bool alive_settled(void)
{
    return likely(
        atomic_load_explicit(alive_word, memory_order_relaxed) ==
        atomic_load_explicit(atomic_load_explicit(&alive_now, memory_order_acquire), memory_order_relaxed));
}

/* Obeyed up to there; stays DEAD or NEW if it is. */
void alive_obeyed(uint64_t now);

#endif
