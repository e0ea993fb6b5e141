/*
 * guard.h - the frame from which user code runs.
 *
 * guard_call(run, args, result) calls run(args, result). When the body leaves by a C++ exception, by
 * cancellation or by pthread_exit(), the unwinder asks the frame's personality routine (guard.c): it ends
 * what is under way innermost (frame.h: a computation gives its lease back, a writer tells its targets) and
 * lets the unwinding go on. guard_call_catching() ends exceptions that nobody further in catches: of
 * refreshes, and of comparisons. Nothing of libgcc or libstdc++ is needed: the routine never touches the
 * unwinder's context.
 */
#ifndef RUNTIME_GUARD_H
#define RUNTIME_GUARD_H

#include <stdbool.h>

struct swrcache_arg;

void guard_call(void (*run)(const struct swrcache_arg *, void *), const struct swrcache_arg *args,
                void *result);

/* The same, but exceptions end here: false when a C++ exception came out. */
bool guard_call_catching(void (*run)(const struct swrcache_arg *, void *), const struct swrcache_arg *args,
                         void *result);

#endif
