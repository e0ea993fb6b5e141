/*
 * caller_refresh.h - SWR_REFRESH_CALLER: the caller that claimed the lease computes in its own thread.
 */
#ifndef RUNTIME_CALLER_REFRESH_H
#define RUNTIME_CALLER_REFRESH_H

#include "outcome.h"

/* SWR_REFRESH_CALLER: the elected caller computes in its own thread. Takes over a reference to `e`. */
void caller_refresh(const struct call *c, struct entry *e, uint64_t lease);

#endif
