/*
 * context.h - a body hands work to another thread: what that thread calls counts as called by the body.
 *
 * A context is a number, so that one that outlives its body is harmless.
 */
#ifndef RUNTIME_CONTEXT_H
#define RUNTIME_CONTEXT_H

#include "runtime/registry/thread.h"

/* The api's. NULL: no body is running here. */
void *context_current(void);
void context_with(void *context);

/* It may not have said with(NULL): its record is another thread's later. */
void context_thread_ends(struct thread *t);

#endif
