/*
 * enroll.h - a function becomes known: its annotation is read, its place in its region found, and the way of
 * its hits chosen.
 */
#ifndef RUNTIME_ENROLL_H
#define RUNTIME_ENROLL_H

#include "runtime/registry/function.h"

/* Which way of hits a function gets (hit.h); set before the first is known. */
extern function_hit *(*function_way)(const struct function *f);

struct home;

/* A function that nobody annotated: a region's dictionary, whose region the caller holds, and whose site
 * stays. Between function_learn() and function_learnt(); NULL as below. */
struct function *function_make(struct swrcache_site *site, bool dictionary);
/* A function of an object that may be unloaded; `home` NULL: of one that may not. */
struct function *function_enroll(struct swrcache_site *site, struct home *home);

/*
 * In the place of a function, in the site of an object that goes: calls are handed on. Not known by its
 * number.
 */
extern struct function function_gone OURS;

/* NULL when it cannot be known (no memory, too many, a newer layout), or its object goes: then it is simply
 * called. */
struct function *function_of(struct swrcache_site *site);

#endif
