/*
 * observe.h - mode observe: the function runs uncached, and what caching would have brought is noted.
 */
#ifndef RUNTIME_OBSERVE_H
#define RUNTIME_OBSERVE_H

#include "outcome.h"

/* A key of the call's own is given back before the function runs. */
void observe_call(const struct call *c);

#endif
