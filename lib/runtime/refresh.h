/*
 * refresh.h - computing again what is there already: on a worker, or in an elected caller's thread.
 */
#ifndef RUNTIME_REFRESH_H
#define RUNTIME_REFRESH_H

#include "thread.h"

/* On a worker: computes `e` again; `fl`, if any, is already listed and waited for. Takes over no reference.
 */
void refresh_run(struct entry *e, uint64_t lease, struct flight *fl);
/* SWR_REFRESH_CALLER: the elected caller computes in its own thread. Takes over a reference to `e`. */
void refresh_here(struct thread *t, struct function *f, struct entry *e, uint64_t lease,
                  const struct swrcache_arg *args, void *result, int saved);

#endif
