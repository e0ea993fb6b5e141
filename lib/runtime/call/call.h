/* call.h - the cached call: what is no simple hit (hit.h) comes by here; the rest is in miss.h, refresh.h,
 * compute.h. */
#ifndef RUNTIME_CALL_H
#define RUNTIME_CALL_H

#include "runtime/registry/function.h"

/* What the first calls have yet to do, handed down by who knows it. */
extern void (*call_first)(const struct swrcache_site *site);
/* A call that is no simple hit. */
void call_other(struct swrcache_site *site, const struct swrcache_arg *args, void *result);

void call_run(struct swrcache_site *site, const struct swrcache_arg *args, void *result);
/* Computed here and now. False: it failed. */
bool call_forced(struct swrcache_site *site, const struct swrcache_arg *args, void *result);

#endif
