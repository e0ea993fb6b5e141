/*
 * compute.h - running a function's body for a flight, and what becomes of its result.
 */
#ifndef RUNTIME_COMPUTE_H
#define RUNTIME_COMPUTE_H

#include "thread.h"

/* Runs the body in the caller's thread and publishes. Returns a referenced entry, or NULL. */
struct entry *compute_run(struct thread *t, struct function *f, struct flight *fl,
                          const struct swrcache_arg *args, void *result, bool *failed);
/*
 * The flight becomes the innermost of its thread: from here to compute_leave() calls belong to its body.
 * `mark`: a word in the caller's frame, which may be looked at when the frame is gone.
 */
void compute_enter(struct thread *t, struct flight *fl, uintptr_t frame, volatile uint64_t *mark);
void compute_leave(struct thread *t, struct flight *fl);
/* What becomes of a computation that ended: stored or not, waiters answered. Gives a referenced entry. */
struct entry *compute_publish(struct function *f, struct flight *fl, const struct swrcache_arg *args,
                              const void *result, int error, bool *failed);
/* The body left without returning: by exception, cancellation, pthread_exit. Runs inside the unwinder. */
void compute_abandon(void);
/* Flights left by longjmp, seen from a call at `frame`, are given up. */
void compute_forget_left(struct thread *t, uintptr_t frame);
void compute_thread_ends(struct thread *t);

#endif
