/* stale.h - the two parts of `swrbench stale`. */
#ifndef SWRBENCH_STALE_H
#define SWRBENCH_STALE_H

#include "measure/bench.h"

/* held.c: hits on old values beside hits on fresh ones. False: told on stderr. */
bool stale_held(const struct settings *settings);

#endif
