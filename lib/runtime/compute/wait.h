/*
 * wait.h - waiting for another's computation, unless that would close a circle of waiters.
 */
#ifndef RUNTIME_WAIT_H
#define RUNTIME_WAIT_H

#include "runtime/registry/thread.h"

/* False: not in time, or waiting would close a circle. The caller holds a reference to `fl`, and no lock.
 * Not a cancellation point: a thread that is to end does so once it has its answer. */
bool wait_for_flight(struct thread *t, struct flight *fl, uint64_t deadline);

#endif
