/*
 * flight.h - one computation under way: who leads it, who waits for it, and whether its result may be kept.
 *
 *   RUNNING --finish--> DONE (result set, or NULL: every waiter for itself)
 *      |----abandon---> ABANDONED (its leader left by exception, cancellation or longjmp, or was overtaken)
 *
 * Flights of a shard stand in a list under that shard's lock:
 *
 *   listed                 calls of its key join it
 *     |---fenced           its key was invalidated: nobody joins any more, tools still show it
 *     |      |
 *   unlisted---fenced      overtaken: its leader is lost or too slow, somebody else computes
 *
 * Unlisted without a fence it has ended. Of one that is fenced the result
 * goes to those already waiting and is not stored.
 */
#ifndef RUNTIME_FLIGHT_H
#define RUNTIME_FLIGHT_H

#include "frame.h"
#include "runtime/cache/cache.h"
#include "core/mark.h"

enum flight_state { FLIGHT_RUNNING, FLIGHT_DONE, FLIGHT_ABANDONED };

/* Why a result is not stored for its names: by none of those it has could it be taken out. */
enum flight_unnamed { NAMED, UNNAMED_BAD, UNNAMED_TOO_MANY, UNNAMED_NO_MEMORY };

struct flight {
    struct frame frame;  /* first: frame.h casts it. Owner alone */
    struct flight *next; /* the shard's list; its lock */
    struct function *function;
    uint64_t identity;
    _Atomic(struct thread *) owner; /* NULL: queued, no worker has it yet */
    void *room;                     /* what its body uses besides; goes with it */
    void *encoded;                  /* of an object with a codec, the bytes; likewise. Owner alone */
    size_t encoded_len;             /* SIZE_MAX: there are none to be had */
    int tid;
    /* The shard's lock. */
    bool listed, fenced; /* drawn above */
    bool refresh;        /* of an entry that is there; from the start */
    bool beside;         /* an answer of its key: comparison.h; nobody joins it; from the start */
    bool plain;          /* only observed: the caller gets what the function gives; from the start */
    bool expired;        /* its key was: what it stores is stale from the start */
    /* What the body said of its result; owner alone. */
    bool skip, failed;
    bool own_ttl;       /* the two times below are its own */
    bool crowded;       /* why skipped: there is no room for the texts that callers hold */
    _Atomic bool apart; /* it stands on an open batch: its result is for the caller alone */
    int64_t ttl_ms, stale_ms;
    uint64_t started;
    _Atomic uint32_t state; /* futex; enum flight_state */
    _Atomic uint32_t refs;
    struct entry *result;   /* written before DONE; holds a reference */
    struct entry *before;   /* to be compared with: replaced, or answered; a reference */
    struct entry *fallback; /* handed out should this fail; owner alone, holds a reference */
    uint64_t began;         /* fence_now() before the body */
    uint64_t outdated;      /* at which of those numbers what it stands on was invalidated; 0: never */
    /* dependencies.h; under one of its locks, flight_names_lock() */
    enum flight_unnamed unnamed; /* a name could not be kept: the result is not stored */
    uint32_t nnames, nkeys, names_room;
    uint64_t fresh_cap; /* what it stands on is fresh until then */
    struct mark_name *names;
    uint16_t *names_found; /* by their ids: number + 1, twice as many places as names_room */
    uintptr_t context;     /* context.c: its number, 0: none; that file's lock */
    struct flight *next_context;
    struct key key;
    unsigned char bytes[];
};

/* Shard locked. */
struct flight *flight_find(uint64_t identity, const struct key *key);
/* The same, but one that has run past its lease is fenced: its leader is lost, somebody else may compute. */
struct flight *flight_live(uint64_t identity, const struct key *key, uint64_t now);
struct flight *flight_open(struct function *f, uint64_t identity, const struct key *key, bool refresh);
/* One that nobody joins: comparison.h. */
struct flight *flight_beside(struct function *f, uint64_t identity, const struct key *key);
/* One that nobody can find: of a call that is only observed. `hash`: of its key. */
struct flight *flight_apart(struct function *f, uint64_t hash);
/* An entry is taken out or expired by somebody's word: the comparisons of its key are fenced. */
void flight_disturb(struct function *f, uint64_t hash);
/* What it stands on was invalidated, which the history of its key tells. */
void flight_fence(struct flight *fl);
void flight_unlist(struct flight *fl);
/* Fenced and unlisted. */
void flight_overtake(struct flight *fl);
/* Any. */
void flight_settle(struct flight *fl, enum flight_state state, struct entry *result);
void flight_unref(struct flight *fl);
void flight_back(void *fl); /* the same, of a loan */
void flight_free_names(struct flight *fl);
extern _Atomic uint32_t flights_named; /* so many have names: without any, verbs look at none */
/* By a number as well, until they end: for context.h. numbered: gives a reference. */
uintptr_t flight_number(struct flight *fl);
struct flight *flight_numbered(uintptr_t number);
void flight_forget_number(struct flight *fl);
/* What guards the names of a flight. */
struct lock *flight_names_lock(const struct flight *fl);
/* Shard locked: shows every flight of it. */
void flight_visit(uint32_t shard, void (*visit)(struct flight *fl, void *cookie), void *cookie);
/* Shows every flight under its shard's lock. */
void flight_each(void (*visit)(struct flight *fl, void *cookie), void *cookie);
void flight_wake_all(void);
void flight_forget_others(void); /* a fork's child: the leaders are gone */

#endif
