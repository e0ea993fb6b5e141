/*
 * compute.h - running a function's body for a flight, and giving it up; what becomes of its result is
 * publish.h's.
 */
#ifndef RUNTIME_COMPUTE_H
#define RUNTIME_COMPUTE_H

#include "body.h"
#include "flight.h"

/* Runs the body for a flight in its leader's thread: body.h, where frame and run are filled in here. */
bool compute_body(struct flight *fl, struct body *b);

/* LOST: as of body_run(), the result is the caller's and nothing else is to be done. */
enum computed { COMPUTED, COMPUTED_FAILED, COMPUTED_LOST };

/* Runs the body in the caller's thread and publishes. `e`: a referenced entry, or NULL. errno is the body's.
 */
enum computed compute_run(struct thread *t, struct function *f, struct flight *fl,
                          const struct swrcache_arg *args, void *result, struct entry **e);

/* What the thread computes just now stands on its open batch: nobody joins it, nobody who waits gets it, and
 * it is not kept. */
void compute_apart(struct thread *t);

#endif
