/*
 * wait.h - waiting for another's computation, unless that would close a circle of waiters.
 */
#ifndef RUNTIME_WAIT_H
#define RUNTIME_WAIT_H

#include "runtime/registry/thread.h"

/*
 * False: not in time, or waiting would close a circle. The caller holds a reference to `fl`, to `fallback`
 * unless it is NULL, and no lock. Not a cancellation point: a thread that is to end does so once it has its
 * answer.
 */
bool wait_for_flight(struct thread *t, struct flight *fl, struct entry *fallback, uint64_t deadline);
/* It was left by siglongjmp(), or its thread ended in it: the references and the key are given back. */
void wait_left(struct thread *t);

#endif
