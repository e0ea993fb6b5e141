/* call.h - the cached call: what is no simple hit (hit.h) comes by here; the rest is in miss.h, refresh.h,
 * compute.h. */
#ifndef RUNTIME_CALL_H
#define RUNTIME_CALL_H

#include "flight.h"
#include "base/alive.h"

enum { KEY_ON_STACK = 256 };

/* What the first calls have yet to do, handed down by who knows it. */
extern void (*call_first)(const struct swrcache_site *site);
/* A call that is no simple hit. */
void call_other(struct swrcache_site *site, const struct swrcache_arg *args, void *result);

void call_run(struct swrcache_site *site, const struct swrcache_arg *args, void *result);
/* The entry whose key is `args`, too long to be encoded on the stack. In a section of epoch.h. */
struct entry *call_find_lengthy(struct function *f, const struct swrcache_arg *args, uint64_t hash);
/* Computed here and now. False: it failed. */
bool call_forced(struct swrcache_site *site, const struct swrcache_arg *args, void *result);
bool call_peek(struct swrcache_site *site, const struct swrcache_arg *args, void *result);
size_t call_operate(struct swrcache_site *site, enum swrcache_operation operation,
                    const struct swrcache_arg *args);

#endif
