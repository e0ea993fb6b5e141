/*
 * commit_gate.h - the gate that a commit closes: while several changes take effect together, calls that
 * found nothing wait here, so that nobody sees the old of what is half replaced.
 *
 * The batch itself is api/batch.h's; the gate lies below because call/miss.c waits at it.
 */
#ifndef RUNTIME_COMMIT_GATE_H
#define RUNTIME_COMMIT_GATE_H

#include "base/lock.h"

/* Futex word: not 0 while a commit is under way. Written by the committing thread, read by who missed. */
extern _Atomic uint32_t commit_gate_closed;

/* Waits until no commit is under way; no lock may be held. False: this thread commits itself. */
bool commit_gate_wait(void);

/* One commit at a time; from begin to end it is this thread's. */
void commit_gate_close(void);
void commit_gate_open(void);
bool commit_gate_mine(void);

#endif
