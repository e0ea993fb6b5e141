/*
 * refresh.h - computing again what is there already: on a worker, or in an elected caller's thread.
 */
#ifndef RUNTIME_REFRESH_H
#define RUNTIME_REFRESH_H

#include "runtime/registry/thread.h"

/* On a worker: computes `e` again; `fl`, if any, is already listed and waited for. Takes over no reference.
 */
void refresh_run(struct entry *e, uint64_t lease, struct flight *fl);
/* It was queued for that, and is not: whoever waits for it computes. */
void refresh_shed(struct entry *e, uint64_t lease, struct flight *fl);

#endif
