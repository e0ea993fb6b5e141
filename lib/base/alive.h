/*
 * alive.h - whether the runtime may be used in this process. It may not in a child of a fork that ran no
 * atfork handlers (its locks may be held by threads that are not there), nor once the program ends: then
 * nothing takes a lock, there is no memory, and functions are called plainly.
 */
#ifndef BASE_ALIVE_H
#define BASE_ALIVE_H

#include "os.h"

/* ALIVE_READY: nothing is left to be done at the first call. */
enum { ALIVE_DEAD, ALIVE_NEW, ALIVE_READY };

/* Lies, from alive_start() on, on a page of its own that such a child finds wiped (MADV_WIPEONFORK). */
extern _Atomic uint32_t *alive_word OURS;

void alive_start(void); /* before there is a second thread that knows of the runtime */

static inline bool alive_dead(void)
{
    return unlikely(atomic_load(alive_word) == ALIVE_DEAD);
}

#endif
