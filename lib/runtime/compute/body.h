/*
 * body.h - a body that runs: from compute_enter() to compute_leave() the calls of its thread belong to it,
 * and it may be left by an exception, cancellation, pthread_exit() or longjmp().
 */
#ifndef RUNTIME_BODY_H
#define RUNTIME_BODY_H

#include "flight.h"

/*
 * The flight becomes the innermost of its thread: from here to compute_leave() calls belong to its body.
 * `mark`: a word in the caller's frame, which may be looked at when the frame is gone.
 */
void compute_enter(struct thread *t, struct flight *fl, uintptr_t frame, volatile uint64_t *mark);
void compute_leave(struct thread *t, struct flight *fl);

/* The body left without returning: by exception, cancellation, pthread_exit. Runs inside the unwinder. */
void compute_abandon(void);

/* Flights left by longjmp, seen from a call at `frame`, are given up. */
void compute_forget_left(struct thread *t, uintptr_t frame);

void compute_thread_ends(struct thread *t);
/* What becomes of a flight whose body is given up; set before the first. */
extern void (*body_abandoned)(struct thread *t, struct flight *fl);

#endif
