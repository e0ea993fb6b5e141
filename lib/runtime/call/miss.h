/*
 * miss.h - a call that no fresh or stale entry answers: joins a computation, or leads one.
 */
#ifndef RUNTIME_MISS_H
#define RUNTIME_MISS_H

#include "outcome.h"

void miss_run(const struct call *c, const struct key *key);
/* Computes whatever is remembered or on its way; `key` encoded. False: it failed. Ends likewise. */
bool miss_forced(const struct call *c, const struct key *key);

#endif
