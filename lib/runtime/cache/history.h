/*
 * history.h - what became of keys that are not in the table, or not fresh any more: invalidated, expired,
 * evicted, not stored. For `swrctl explain`.
 *
 * A bounded memory, oldest forgotten first within a set of keys of like hash. Written only where an entry is
 * taken out, expired or refused, never on a hit; its memory comes with the first note.
 */
#ifndef RUNTIME_HISTORY_H
#define RUNTIME_HISTORY_H

#include "cache.h"

enum history_what {
    HISTORY_INVALIDATED = 1,
    HISTORY_FENCED, /* invalidated while it was computed: the result was not stored */
    HISTORY_EXPIRED,
    HISTORY_EVICTED,
    HISTORY_FAILED,
    HISTORY_SKIPPED,
    HISTORY_CROWDED, /* no room for one more text of a cstr */
    HISTORY_TOO_LARGE,
    HISTORY_UNNAMED,  /* a tag that cannot be one */
    HISTORY_TOO_MANY, /* tags and keys that it stands on */
    HISTORY_RETIRED,  /* memory: what was retired takes it, retired.h */
    HISTORY_NO_ROOM,
};

enum { HISTORY_SLOTS = 2048, HISTORY_WAYS = 8, HISTORY_KEY_MAX = 1024 };

struct history_record {
    uint64_t when;  /* clock_now() */
    uint64_t act;   /* audit.h; 0: nobody's */
    int who;        /* as in struct audit_act */
    uint32_t cause; /* of an expiry: number + 1 of the function whose value changed; 0: it was a verb */
    uint64_t cause_hash;
    enum history_what what;
    int error;                /* errno of a failure */
    bool whole;               /* of what was evicted: the bound is that of the table, not the function's */
    struct evict_bound bound; /* the same */
};

/* Keys longer than HISTORY_KEY_MAX are forgotten at once. Any lock of the cache may be held. */
void history_note(uint64_t identity, const struct key *key, enum history_what what, int error);
/* Evicted, for that bound of the whole table or of its function. */
void history_note_evicted(uint64_t identity, const struct key *key, bool whole, struct evict_bound bound);

/* The latest note of a key of `f` that matches. */
bool history_find(struct function *f, cache_match *match, void *cookie, struct history_record *found);

/* Nothing was forgotten yet: a key without a note never came to anything. */
bool history_complete(void);
/* Something was: from now on nobody can say so. */
void history_forget(void);

#endif
