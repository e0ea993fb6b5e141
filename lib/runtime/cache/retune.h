/*
 * retune.h - what follows when settings change while entries are there: times are computed again, bounds are
 * applied, entries move to bounds of their function's own.
 */
#ifndef RUNTIME_RETUNE_H
#define RUNTIME_RETUNE_H

#include "cache.h"
#include "runtime/registry/region.h"

/*
 * Around a change of settings, from the layer that holds them on: a fork's child that finds one under way
 * ends it by retune_end_left(), for all functions, before its first call.
 */
void retune_begin(void);
void retune_end(void);
void retune_end_left(void);

/* After `settings` of a function changed: its entries' times are computed again, its bounds applied. */
void cache_retune(struct function *f);

/* Gives a function bounds of its own; its entries move there. */
void cache_rebound(struct function *f, struct evict *own);
void function_retune(struct function *f); /* after settings changed: what is derived from them */
/* The settings of all functions within are resolved anew. */
void region_retune(struct region *r);

#endif
