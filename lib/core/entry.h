/*
 * entry.h - one remembered result.
 *
 *   0        64                112        +key_len     +opaque_len    +value_len
 *   | cold    | hot             | key      | opaque     | value        | marks (mark.h), if it has any
 *
 * A hit looks only at what follows the first cache line: with a key and a value of one word each, at one
 * line. Key, opaque and value never change after the entry is published; a refresh publishes a new entry in
 * the place of the old one. What changes is atomic. References: the table holds one, given back after a grace
 * period; flights, queued refreshes and callers that copy an object hold others.
 *
 *   age:  born ---- fresh_until ---- stale_until ---- dead_until
 *            fresh            stale           fallback         dead
 */
#ifndef CORE_ENTRY_H
#define CORE_ENTRY_H

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>

#include "base/epoch.h"
#include "key.h"

enum entry_flag {
    ENTRY_FAILED = 1,  /* a remembered failure */
    ENTRY_NULL = 2,    /* a NULL string or object */
    ENTRY_OWN_TTL = 4, /* swrcache_set_ttl() chose its times: `set` leaves them alone */
    ENTRY_EXPIRED = 8, /* expired by somebody, not by age */
    ENTRY_MARKED = 16, /* a struct mark_set stands behind the value */
};

/* More touches say nothing that eviction looks at. */
enum { ENTRY_TOUCHED_MOST = 2 };

enum entry_state { ENTRY_FRESH, ENTRY_STALE, ENTRY_FALLBACK, ENTRY_DEAD };

struct entry {
    /* cold */
    _Atomic uint64_t stale_until;  /* written under the shard's lock */
    _Atomic uint64_t dead_until;   /* written under the shard's lock */
    _Atomic uint64_t next_refresh; /* lease.h: who may refresh, from when */
    uint64_t hash;
    union {
        struct {                        /* as long as it is in the table */
            struct entry *prev, *next;  /* eviction queue; the evictor's lock */
            uint32_t due;               /* evict.h: when its turn comes, among the main queues */
            _Atomic uint32_t warm_hits; /* timed refreshes: hits when the last one was queued */
        };
        struct epoch_garbage garbage; /* once out of table and queue */
    };
    _Atomic uint32_t refs;
    uint32_t cost_us; /* what computing it took */
    /* hot */
    uint64_t identity; /* function and generation: an invalidated function's entries match no more */
    _Atomic uint64_t fresh_until;
    uint64_t born; /* clock_now() before the computation began */
    uint32_t key_len, value_len;
    _Atomic uint32_t hits;
    uint16_t opaque_len;
    uint16_t result_errno; /* of a remembered failure */
    _Atomic uint16_t refresh_errno;
    _Atomic uint8_t touched;        /* eviction: to ENTRY_TOUCHED_MOST; set on a hit only when it changes */
    _Atomic uint8_t flags;          /* enum entry_flag */
    uint8_t queue;                  /* evict.h; the evictor's lock */
    _Atomic uint8_t failures;       /* refreshes failed in a row */
    _Atomic uint8_t idle_refreshes; /* timed refreshes since the last call */
    alignas(8) unsigned char data[];
};

static_assert(offsetof(struct entry, identity) == 64 && offsetof(struct entry, data) == 112,
              "the hot part begins a cache line and leaves two words of it");

/* `marks_len`: what mark_room() says. */
struct entry *entry_new(const struct key *key, uint64_t identity, size_t opaque_len, size_t value_len,
                        size_t marks_len);
/* Only for entries that hold no object. */
void entry_free(struct entry *e);

static inline unsigned char *entry_opaque(struct entry *e)
{
    return e->data + e->key_len;
}

static inline unsigned char *entry_value(struct entry *e)
{
    return e->data + e->key_len + e->opaque_len;
}

static inline struct key entry_key(struct entry *e)
{
    return (struct key){e->hash, e->key_len, e->data};
}

static inline size_t entry_marks_offset(const struct entry *e)
{
    return (sizeof *e + e->key_len + e->opaque_len + e->value_len + 7) & ~(size_t)7;
}

size_t entry_marked_bytes(const struct entry *e);

static inline size_t entry_bytes(const struct entry *e)
{
    if (unlikely(atomic_load_explicit(&e->flags, memory_order_relaxed) & ENTRY_MARKED))
        return entry_marked_bytes(e);
    return sizeof *e + e->key_len + e->opaque_len + e->value_len;
}

static inline enum entry_state entry_state(struct entry *e, uint64_t now)
{
    if (now < atomic_load_explicit(&e->fresh_until, memory_order_relaxed))
        return ENTRY_FRESH;
    if (now < atomic_load_explicit(&e->stale_until, memory_order_relaxed))
        return ENTRY_STALE;
    if (now < atomic_load_explicit(&e->dead_until, memory_order_relaxed))
        return ENTRY_FALLBACK;
    return ENTRY_DEAD;
}

#endif
