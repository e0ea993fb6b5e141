/*
 * compute.h - running a function's body for a flight, and what becomes of its result.
 */
#ifndef RUNTIME_COMPUTE_H
#define RUNTIME_COMPUTE_H

#include "body.h"

/* Nobody waits for it any more, and the key may be computed by others. */
void compute_give_up(struct thread *t, struct flight *fl);

/* Runs the body in the caller's thread and publishes. Returns a referenced entry, or NULL. */
struct entry *compute_run(struct thread *t, struct function *f, struct flight *fl,
                          const struct swrcache_arg *args, void *result, bool *failed);
/* What becomes of a computation that ended: stored or not, waiters answered. Gives a referenced entry. */
struct entry *compute_publish(struct function *f, struct flight *fl, const struct swrcache_arg *args,
                              const void *result, int error, bool *failed);

#endif
