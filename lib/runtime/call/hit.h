/* hit.h - the path of a hit, apart: it is what the cache is for, and every instruction of it is paid always.
 */
#ifndef RUNTIME_HIT_H
#define RUNTIME_HIT_H

#include "runtime/registry/function.h"

/* The cached call. Serves a fresh or stale entry itself; whatever else is to be done is call_other()'s. */
void hit_run(struct swrcache_site *site, const struct swrcache_arg *args, void *result);

/* The way of a function's hits, by what its keys and results are like. */
function_hit *hit_of(const struct function *f);

#endif
