/*
 * observation.h - what is known of a function that ran in mode observe: for `swrctl advise` in a file that
 * every process of the program maps, for `swrctl observe` in memory of the process.
 *
 * The file: one for each program image, in the directory that SWR_OBSERVE names; a fork's child goes on in
 * its parent's, in the same rows. It is there to the last call however the program ends. Words are atomic and
 * no call takes a lock: two threads at one key at once may blur a count. For three lifetimes it is played what a
 * cache would have done: a call is a hit while the last computation of its key is younger, and differs where
 * the function now gives something else.
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

struct observed_key {
    _Atomic uint64_t hash; /* 0: free */
    _Atomic uint64_t seen;
    _Atomic uint64_t digest, since; /* of the last good result, and when it was first seen, one above */
    _Atomic uint64_t computed[OBSERVED_TTLS],
        kept[OBSERVED_TTLS]; /* when the cache would have, one above, and its digest */
};

struct observed_function {
    char name[128];
    _Atomic uint64_t named;                      /* 1: written */
    _Atomic uint64_t calls, ns, keys, uncounted; /* uncounted: calls with more keys than there is room for */
    _Atomic uint64_t bytes;                      /* of keys and values, each key once */
    _Atomic uint64_t changes, shortest; /* results that differ for an unchanged key; soonest, in ns */
    _Atomic uint64_t opaque;            /* results that could not be compared */
    _Atomic uint64_t began, last;       /* the first call, one above, and the end of the last; in ns */
    _Atomic uint64_t hits[OBSERVED_TTLS], saved[OBSERVED_TTLS], differ[OBSERVED_TTLS];
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
