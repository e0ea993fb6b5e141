/*
 * writer.h - writers under way: which of a thread's calls swrcache_fail() speaks of, and what remains to be
 * told when a body is left.
 */
#ifndef RUNTIME_WRITER_H
#define RUNTIME_WRITER_H

#include "runtime/registry/thread.h"

/* The body, then its targets unless it failed. */
void writer_run(const struct swrcache_writer *writer, const struct swrcache_arg *args, void *result);
/* The innermost call on this thread is a writer: it failed. False: it is a computation, or nothing. */
bool writer_fail(void);
/*
 * The unwinder passes a frame of guard.h: a writer's, then its targets are told and true is returned; false:
 * it is a computation's.
 */
bool writer_leave(void);
/* All that lie at `frame` or below were left by longjmp. UINTPTR_MAX: the thread ends. */
void writer_forget_left(struct thread *t, uintptr_t frame);

#endif
