/*
 * dependencies.h - what a computation was told to go by (its tags) and what it stood on (the cached calls its
 * body made), and who stands on what was invalidated, expired or changed.
 *
 * Names gather in the flight while its body runs, and go with the result into its entry (core/mark.h). An
 * entry takes over the names of what its body called, so that what is evicted in between breaks no chain.
 * Beyond FLIGHT_KEYS keys of one computation a function counts as a whole.
 */
#ifndef RUNTIME_DEPENDENCIES_H
#define RUNTIME_DEPENDENCIES_H

#include "flight.h"
#include "core/mark.h"

enum { FLIGHT_KEYS = 64, FLIGHT_NAMES = 2048 };

/* A tag of what `fl` computes. */
void dependencies_tag(struct flight *fl, const char *tag);
/* It was to have one that cannot be a tag. */
void dependencies_tag_bad(struct flight *fl);

/* Before the look-up of a call that the body of `fl` makes. */
void dependencies_call(struct flight *fl, struct function *f, const struct key *key);
/* The body got this entry's value: its marks and its end of freshness come along. */
void dependencies_saw(struct flight *fl, struct function *f, struct entry *e);
/* The body's call was computed on the way; `inner` may have been stored or not. */
void dependencies_took(struct flight *fl, struct flight *inner);

/* The names that a result of `f` is to have; the caller frees them by dependencies_free_names(). */
struct mark_name *dependencies_names(struct function *f, struct flight *fl, uint32_t *count);
void dependencies_free_names(struct mark_name *names);
/*
 * With the shard locked and the entry's marks linked: fences the flight if what it stands on was invalidated
 * since it began, marks it expired if that was expired or changed.
 */
void dependencies_check(struct flight *fl, const struct mark_name *names, uint32_t count);

/* A digest of the value; 0: none. */
uint64_t dependencies_digest(struct entry *e);

/* Of dependents.h: was one of them invalidated since it began? Whose doing the fence of a mark was. */
void dependencies_outdate(struct flight *fl, const struct mark_name *names, uint32_t count);
_Atomic uint64_t *dependencies_fence_act(uint64_t id);

#endif
