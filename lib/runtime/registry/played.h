/*
 * played.h - mode observe: what a cache would have done, played beside the calls for three lifetimes.
 *
 * A call is a hit while the last computation of its key is younger than that, or stale but not yet too old,
 * if somebody said how long old values may be served; a failure is remembered as long as it is said. What the
 * program takes back is taken back here as well: by key or pattern, as a whole, by a tag, or because
 * something that the body called was. Very long keys are taken back by every pattern. A hit is outdated where
 * the function now gives something else although it was fresh.
 */
#ifndef RUNTIME_PLAYED_H
#define RUNTIME_PLAYED_H

#include "function.h"
#include "observation.h"
#include "core/mark.h"

/* A call that went to the function. */
struct played {
    uint64_t key, digest, bytes, at, cost; /* at: when it began */
    uint64_t act;                          /* played_act() then */
    uint64_t own_fresh, own_stale;         /* ns, one above; 0: the policy's */
    uint64_t negative, stale;              /* of the settings, in ns */
    bool failed, skipped;                  /* skipped: not to be remembered */
    const unsigned char *key_bytes;        /* NULL: too long */
    size_t key_len;
    const struct mark_name *marks;
    uint32_t nmarks;
};

uint64_t played_act(const struct observed_function *o);
void played_call(struct observed_function *o, const struct played *p);

typedef bool played_match(struct function *f, const struct key *key, void *cookie);

/* A verb, if the function is observed: of one key, of those that match, of all; and of whatever goes by a
 * mark. */
void played_key_taken(struct function *f, uint64_t hash, enum observed_word word);
void played_some_taken(struct function *f, played_match *match, void *cookie, enum observed_word word);
void played_all_taken(struct function *f, enum observed_word word);
void played_mark_taken(uint64_t id, enum observed_word word);

#endif
