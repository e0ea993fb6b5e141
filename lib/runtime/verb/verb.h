/*
 * verb.h - invalidate, expire, refresh: by key, by match, by function.
 *
 * To invalidate all of a function raises its generation: that takes effect at once, whatever its size, and
 * the memory follows (sweep.h). Computations under way that are meant are fenced (invalidate) or marked
 * (expire). Whatever stands on what was touched is touched too (dependencies.h).
 *
 * All give the entries matched, dead ones not counted; dependents are not counted. `dry`: only count.
 */
#ifndef RUNTIME_VERB_H
#define RUNTIME_VERB_H

#include "runtime/compute/flight.h"

/* Entries older than `older` ns and larger than `larger` bytes; 0 each: whatever. */
struct verb_filter {
    uint64_t older, larger;
};

/* `f` NULL: every function; `match` NULL: every key. */
size_t verb_invalidate(struct function *f, cache_match *match, void *cookie, bool dry);
size_t verb_expire(struct function *f, cache_match *match, void *cookie, bool dry);
/* Queues a refresh of each entry that matches. */
size_t verb_refresh(struct function *f, cache_match *match, void *cookie, bool dry);
size_t verb_run(enum swrcache_operation operation, struct function *f, cache_match *match, void *cookie,
                bool dry);
/* The same for entries alone that the filter (NULL: none) lets through: computations are not meant then. */
size_t verb_filtered(enum swrcache_operation operation, struct function *f, cache_match *match, void *cookie,
                     const struct verb_filter *filter, bool dry);
/* All of several functions. */
size_t verb_several(enum swrcache_operation operation, struct function *const *functions, size_t count,
                    bool dry);
/* All of several functions, at one moment but for those calls that are already under way. */
size_t verb_invalidate_several(struct function *const *functions, size_t count);
/* One key, without a walk. A refresh that a full queue refuses is counted all the same. */
size_t verb_key(struct function *f, enum swrcache_operation operation, const struct key *key);
/* All that goes by a tag. */
size_t verb_tag(enum swrcache_operation operation, const char *tag, bool dry);

#endif
