/*
 * observation.h - what is known of a function that ran in mode observe: for `swrctl advise` in a file that
 * every process of the program maps, for `swrctl observe` in memory of the process.
 *
 * The file: one for each program image, in the directory that SWR_OBSERVE names; a fork's child goes on in
 * its parent's, in the same rows. It is there to the last call however the program ends. Words are atomic and
 * no call takes a lock: calls, keys and times are exact, two threads at one key at once may blur what is
 * played of it.
 *
 * For three lifetimes it is played what a cache would have done (played.h).
 */
#ifndef RUNTIME_OBSERVATION_H
#define RUNTIME_OBSERVATION_H

#include <stdint.h>

enum {
    OBSERVED_FUNCTIONS = 128,
    OBSERVED_KEYS = 1 << 14,
    OBSERVED_TTLS = 3,
    OBSERVED_SLICES = 9,
    OBSERVATION_MAGIC = 0x53527751
};

#define OBSERVED_TTL_SECONDS                                                                                 \
    {                                                                                                        \
        1, 10, 60                                                                                            \
    }

/* Verbs are numbered in each function; OBSERVED_GONE: invalidated, OBSERVED_OLD: expired. */
enum observed_word { OBSERVED_GONE, OBSERVED_OLD, OBSERVED_WORDS };
enum { OBSERVED_MARKS = 6, OBSERVED_FENCES = 1 << 12, OBSERVED_BYTES = 56 };

struct observed_key {
    _Atomic uint64_t hash; /* 0: free */
    _Atomic uint64_t seen;
    _Atomic uint64_t digest, since; /* of the last good result, and when it was first seen, one above */
    _Atomic uint64_t act;           /* the last verb before that was last computed */
    _Atomic uint64_t taken[OBSERVED_WORDS];         /* the last verb of this key */
    _Atomic uint64_t marks[OBSERVED_MARKS], nmarks; /* ids of core/mark.h; more than there is room: any */
    _Atomic uint64_t failed;                        /* bit i: what lifetime i remembers is a failure */
    _Atomic uint64_t own_fresh, own_stale;          /* the body's own times, in ns one above; 0: none */
    _Atomic uint64_t length; /* of the key, one above; 0: it is too long for `bytes`, or not there yet */
    unsigned char bytes[OBSERVED_BYTES]; /* before `length` */
    struct {
        _Atomic uint64_t computed, kept; /* when the cache would have, one above, and its digest */
        _Atomic uint64_t act;            /* the last verb before */
    } play[OBSERVED_TTLS];
};

struct observed_function {
    char name[128];
    _Atomic uint64_t named;                      /* 1: written */
    _Atomic uint64_t calls, ns, keys, uncounted; /* uncounted: calls with more keys than there is room for */
    _Atomic uint64_t bytes;                      /* of keys and values, each key once */
    _Atomic uint64_t changes, shortest; /* results that differ for an unchanged key; soonest, in ns */
    _Atomic uint64_t told;              /* of the changes: after a verb of that key, and not in `shortest` */
    _Atomic uint64_t opaque;            /* results that could not be compared */
    _Atomic uint64_t stale;             /* how long old values are served, in ns; 0: nobody said */
    _Atomic uint64_t acts;              /* verbs so far */
    _Atomic uint64_t taken[OBSERVED_WORDS];   /* the last verb of all keys */
    _Atomic uint64_t matched[OBSERVED_WORDS]; /* the last verb of some keys, by a pattern */
    _Atomic uint32_t order[OBSERVED_KEYS];    /* where the keys are, one above, as they came */
    /* The last verbs of marks, and of keys that are not known yet; several share a place. */
    _Atomic uint64_t fences[OBSERVED_WORDS][OBSERVED_FENCES];
    _Atomic uint64_t began, last; /* the first call, one above, and the end of the last; in ns */
    _Atomic uint64_t hits[OBSERVED_TTLS], saved[OBSERVED_TTLS], differ[OBSERVED_TTLS];
    _Atomic uint64_t stale_hits[OBSERVED_TTLS], old[OBSERVED_TTLS]; /* of the hits; of these, others by now */
    /* Memory at the fullest: what was computed in the last ttl, counted by slices of an eighth of it. */
    _Atomic uint64_t most[OBSERVED_TTLS];
    _Atomic uint64_t slice[OBSERVED_TTLS][OBSERVED_SLICES], made[OBSERVED_TTLS][OBSERVED_SLICES];
    struct observed_key key[OBSERVED_KEYS];
};

struct observation {
    _Atomic uint32_t magic, functions;
    char program[64];
    struct observed_function function[OBSERVED_FUNCTIONS];
};

#endif
