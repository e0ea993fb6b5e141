/*
 * miss.h - a call that no fresh or stale entry answers: joins a computation, or leads one.
 */
#ifndef RUNTIME_MISS_H
#define RUNTIME_MISS_H

#include "runtime/registry/thread.h"

/* `saved`: errno as the caller had it. */
void miss_run(struct thread *t, struct function *f, const struct swrcache_arg *args, void *result,
              const struct key *key, int saved);
/* Computes whatever is remembered or on its way; `key` encoded. False: it failed. Ends likewise. */
bool miss_forced(struct thread *t, struct function *f, const struct swrcache_arg *args, void *result,
                 const struct key *key);

#endif
