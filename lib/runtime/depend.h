/*
 * depend.h - what a computation was told to go by (its tags) and what it stood on (the cached calls its body
 * made), and who stands on what was invalidated, expired or changed.
 *
 * Names gather in the flight while its body runs, and go with the result into its entry (core/mark.h). An
 * entry takes over the names of what its body called, so that what is evicted in between breaks no chain.
 * Beyond FLIGHT_KEYS keys of one computation a function counts as a whole.
 */
#ifndef RUNTIME_DEPEND_H
#define RUNTIME_DEPEND_H

#include "core/mark.h"
#include "flight.h"

enum { FLIGHT_KEYS = 64, FLIGHT_NAMES = 2048 };

/* A tag of what `fl` computes. */
void depend_tag(struct flight *fl, const char *tag);

/* Before the look-up of a call that the body of `fl` makes. */
void depend_call(struct flight *fl, struct function *f, const struct key *key);
/* The body got this entry's value: its marks and its end of freshness come along. */
void depend_saw(struct flight *fl, struct function *f, struct entry *e);
/* The body's call was computed on the way; `inner` may have been stored or not. */
void depend_took(struct flight *fl, struct flight *inner);

/* The names that a result of `f` is to have; the caller frees them by depend_free_names(). */
struct mark_name *depend_names(struct function *f, struct flight *fl, uint32_t *count);
void depend_free_names(struct mark_name *names);
/*
 * With the shard locked and the entry's marks linked: fences the flight if what it stands on was invalidated
 * since it began, marks it expired if that was expired or changed.
 */
void depend_check(struct flight *fl, const struct mark_name *names, uint32_t count);

/* A digest of the value; 0: none. */
uint64_t depend_digest(struct entry *e);

/* What was done to keys, to be done to those that stand on them: gathered under locks, run without. */
struct ripple {
    enum swrcache_operation operation; /* INVALIDATE or EXPIRE */
    uint64_t *ids;
    size_t count, room;
    size_t direct; /* so many of them at the start count as reached */
    bool lost;     /* no memory: everything that stands on anything is meant */
};
void ripple_key(struct ripple *r, struct function *f, uint64_t hash);
void ripple_whole(struct ripple *r, struct function *f);
void ripple_tag(struct ripple *r, const char *tag);
/*
 * For verbs that took the matching keys of `f` from the table: who stands on a key that matches, or that is
 * not there any more and might have. `match` NULL: of those that are there none does.
 */
void ripple_match(struct ripple *r, struct function *f, cache_match *match, void *cookie);
/* No lock held. Entries reached by what counts. Frees what was gathered. */
size_t ripple_run(struct ripple *r);

/* After an entry was stored: those that saw another value of that key expire. No lock held. */
void depend_stored(struct function *f, struct entry *e, bool replaced);

#endif
