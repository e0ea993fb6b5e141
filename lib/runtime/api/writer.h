/*
 * writer.h - writers: a body, and then the targets that it is to invalidate or expire.
 */
#ifndef RUNTIME_WRITER_H
#define RUNTIME_WRITER_H

#include "runtime/registry/thread.h"

/* The body, then its targets unless it failed. */
void writer_run(const struct swrcache_writer *writer, const struct swrcache_arg *args, void *result);
/* The innermost call on this thread is a writer: it failed. False: it is a computation, or nothing. */
bool writer_fail(void);

#endif
