/*
 * entry.h - one remembered result.
 *
 *   -32             0        8         32       +key_len    +value_len
 *   | entry_more    | links  | hot     | key    | value      | marks (mark.h), if it has any
 *
 * A hit looks at what is hot, at the key and at the value: with a word each they lie in one cache line.
 * Key and value never change after the entry is published; a refresh publishes a new entry in the place of
 * the old one. What changes is atomic. References: the table holds one, given back after a grace period;
 * flights, queued refreshes and callers that copy an object hold others.
 *
 * What few entries need costs the others nothing: `entry_more` stands before those that have something out
 * of the ordinary when they are made; what befalls an entry later is kept beside the table, in
 * runtime/cache/refresh_record.h; when it stops being stale and when it is dead follows from its birth and
 * its function's policy (runtime/cache/age.h). The hash is made from the key again where it is wanted:
 * entries are moved and evicted seldom.
 *
 *   age:  born ---- fresh until ---- stale until ---- dead
 *            fresh            stale           fallback
 */
#ifndef CORE_ENTRY_H
#define CORE_ENTRY_H

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>

#include "key.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/epoch.h"

/*
 * Times, in 39 bits: up to 2.2 years after the machine was started in steps of a quarter of a millisecond,
 * from then on (top bit) in steps of 2^24 ns, 17 ms, for 146 years. Rounded down: nothing is served longer
 * than its policy says. All ones: never.
 */
enum { ENTRY_TIME_BITS = 39, ENTRY_STEP_NS = 250000, ENTRY_LATE_SHIFT = 24 };
#define ENTRY_TIME  ((UINT64_C(1) << ENTRY_TIME_BITS) - 1)
#define ENTRY_NEVER ENTRY_TIME
#define ENTRY_LATE  (UINT64_C(1) << (ENTRY_TIME_BITS - 1))

/*
 * `when`, the word that changes, of an entry that is in the table:
 *
 *   63    56 55   48 47   44 43  42   41     40     39    38      0
 *   | cost  | flags | queue | fork | leased | turn | free | time   |
 *     |       |       |       |------ lease.h: by compare-and-swap of all four, without a lock ------|
 *     |       |       |-- evict.h: the evictor's lock
 *     |       |-- below: set before it is published, or with the shard locked; never taken back
 *     |-- set before it is published
 *
 * Each owner changes its own bits by one atomic operation on the word, and leaves the others' as they are.
 * Free for what an entry comes to later: bit 39, and the flag of the value ENTRY_FREE; for what is known when
 * it is made also a bit of `shape`, and two of `use`. EXPIRED is set by who expires it (cache.h), RECORDED
 * and TROUBLE by refresh_record.h, each with the shard locked.
 */
enum {
    ENTRY_TURN_AT = 40,   /* the time is not when it stops being fresh, it is stale */
    ENTRY_LEASED_AT = 41, /* somebody refreshes it */
    ENTRY_FORK_AT = 42,   /* two bits: of which fork that somebody is */
    ENTRY_QUEUE_AT = 44,  /* four bits */
    ENTRY_FLAGS_AT = 48,
    ENTRY_COST_AT = 56, /* what computing it took: eight bits, entry_cost_us() */
};
#define ENTRY_TURN   (UINT64_C(1) << ENTRY_TURN_AT)
#define ENTRY_LEASED (UINT64_C(1) << ENTRY_LEASED_AT)
#define ENTRY_LEASE  (((UINT64_C(1) << (ENTRY_QUEUE_AT - ENTRY_TURN_AT)) - 1) << ENTRY_TURN_AT)
#define ENTRY_WHEN   (ENTRY_TIME | ENTRY_LEASE)
static_assert(ENTRY_TIME < ENTRY_TURN / 2, "a bit of `when` is free");

/* Which of them change after the entry is published is said beside; the others tell what it was made as. */
enum entry_flag {
    ENTRY_FAILED = 1,    /* a remembered failure */
    ENTRY_NULL = 2,      /* a NULL string or object */
    ENTRY_FREE = 4,      /* nothing yet */
    ENTRY_EXPIRED = 8,   /* expired by somebody, not by age; changes */
    ENTRY_MARKED = 16,   /* a struct mark_set stands behind the value */
    ENTRY_MORE = 32,     /* a struct entry_more stands before it */
    ENTRY_RECORDED = 64, /* runtime/cache/refresh_record.h has a record of it; changes */
    ENTRY_TROUBLE = 128  /* and in it a refresh that failed; changes */
};

/* More touches say nothing that eviction looks at. */
enum { ENTRY_TOUCHED_MOST = 2 };

enum entry_state { ENTRY_FRESH, ENTRY_STALE, ENTRY_FALLBACK, ENTRY_DEAD };

struct entry {
    union {
        struct {
            alloc_ref prev, next; /* eviction queue, as long as it is in the table; the evictor's lock */
        };
        struct epoch_garbage garbage; /* once out of table and queue */
    };
    _Atomic uint64_t when; /* drawn above */
    uint64_t shape;        /* drawn below; never changes once it is published */
    uint32_t identity;     /* function and generation, below; never changes */
    _Atomic uint16_t refs; /* whoever keeps it beyond a section of epoch.h; no lock */
    _Atomic uint16_t use;  /* drawn below; stores of hits may overwrite one another */
    alignas(8) unsigned char data[];
};

#ifndef ALLOC_OF_HOST
static_assert(sizeof(struct entry) == 32 && offsetof(struct entry, data) == 32,
              "with a word of key and of value 48 bytes");
#endif

/* Before the entry, as ENTRY_MORE says. Never changes once it is published. */
struct entry_more {
    /* Of an entry whose times the body chose (swrcache_set_ttl()), or who put it: `set` leaves them alone.
     * ns; 0: its policy's. */
    uint64_t stale_until, dead_until;
    uint32_t key_len, value_len; /* both, where one of them is too long for `shape` */
    uint32_t opaque_len;
    union {
        int32_t result_errno; /* ENTRY_FAILED */
        uint32_t own_ttl_ms;  /* with times of its own, which a failure never has */
    };
};

static_assert(sizeof(struct entry_more) == 32, "entries stay where a cache line begins, or halfway");

/*
 * `shape`:
 *
 *   63            52 51          40   39    38          0
 *   | value's length | key's length | free | time of birth |
 *
 * A length that is too long for its twelve bits has all of them set, and stands in struct entry_more.
 */
enum { ENTRY_KEY_LEN_AT = 40, ENTRY_VALUE_LEN_AT = 52 };
enum { ENTRY_LEN_BITS = 12, ENTRY_LEN_LONG = (1 << ENTRY_LEN_BITS) - 1 };
static_assert(ENTRY_TIME < UINT64_C(1) << (ENTRY_KEY_LEN_AT - 1), "a bit of `shape` is free");

/* The hash of an entry's key; set before the first entry is made. */
extern uint64_t (*entry_hash)(struct entry *e);

/* What is out of the ordinary about an entry to be. */
struct entry_extra {
    size_t opaque_len, marks_len; /* marks_len: what mark_room() says */
    bool more;                    /* will need a struct entry_more: fails, or has times of its own */
};

struct entry *entry_new(const struct key *key, uint64_t identity, size_t value_len, struct entry_extra extra);
/* Only for entries that hold no object. */
void entry_free(struct entry *e);

/*
 * A function's identity: its generation and, in the lowest bits, its number. An entry has the lower half, by
 * which all is found out that is asked while it is in the table.
 */
enum { ENTRY_FUNCTION_BITS = 16, ENTRY_GENERATION_BITS = 32 - ENTRY_FUNCTION_BITS };

static inline uint64_t entry_identity(uint32_t function, uint64_t generation)
{
    return generation << ENTRY_FUNCTION_BITS | function;
}

static inline bool entry_is_of(const struct entry *e, uint64_t identity)
{
    return e->identity == (uint32_t)identity;
}

static inline uint32_t entry_function(const struct entry *e)
{
    return e->identity & ((1 << ENTRY_FUNCTION_BITS) - 1);
}

static inline unsigned entry_queue(const struct entry *e)
{
    return atomic_load_explicit(&e->when, memory_order_relaxed) >> ENTRY_QUEUE_AT & 15;
}

static inline uint8_t entry_flags(const struct entry *e)
{
    return (uint8_t)(atomic_load_explicit(&e->when, memory_order_relaxed) >> ENTRY_FLAGS_AT);
}

static inline void entry_flag(struct entry *e, uint8_t flags)
{
    atomic_fetch_or(&e->when, (uint64_t)flags << ENTRY_FLAGS_AT);
}

static inline struct entry_more *entry_more(const struct entry *e)
{
    return (struct entry_more *)(uintptr_t)e - 1;
}

static inline size_t entry_key_len(const struct entry *e)
{
    size_t len = e->shape >> ENTRY_KEY_LEN_AT & ENTRY_LEN_LONG;
    return likely(len != ENTRY_LEN_LONG) ? len : entry_more(e)->key_len;
}

static inline bool entry_has_key_len(const struct entry *e, size_t len)
{
    if (unlikely(len >= ENTRY_LEN_LONG))
        return entry_key_len(e) == len;
    return ((e->shape ^ (uint64_t)len << ENTRY_KEY_LEN_AT) & (uint64_t)ENTRY_LEN_LONG << ENTRY_KEY_LEN_AT) ==
           0;
}

static inline size_t entry_value_len(const struct entry *e)
{
    size_t len = e->shape >> ENTRY_VALUE_LEN_AT;
    return likely(len != ENTRY_LEN_LONG) ? len : entry_more(e)->value_len;
}

static inline size_t entry_opaque_len(const struct entry *e)
{
    return entry_flags(e) & ENTRY_MORE ? entry_more(e)->opaque_len : 0;
}

static inline int entry_errno(const struct entry *e)
{
    return entry_flags(e) & ENTRY_FAILED ? entry_more(e)->result_errno : 0;
}

/* Behind the value: hits have no use for it. */
static inline unsigned char *entry_opaque(struct entry *e)
{
    return e->data + entry_key_len(e) + entry_value_len(e);
}

static inline unsigned char *entry_value(struct entry *e)
{
    return e->data + entry_key_len(e);
}

/* What an entry that holds an object has at the end of its value, aligned. */
static inline void *entry_object(struct entry *e)
{
    void *object;
    __builtin_memcpy(&object, entry_value(e) + entry_value_len(e) - sizeof object, sizeof object);
    return object;
}

static inline struct key entry_key(struct entry *e)
{
    return (struct key){entry_hash(e), entry_key_len(e), e->data};
}

static inline size_t entry_marks_offset(const struct entry *e)
{
    return (sizeof *e + entry_key_len(e) + entry_value_len(e) + entry_opaque_len(e) + 7) & ~(size_t)7;
}

/* All of it, marks and what stands before it included. */
size_t entry_bytes(const struct entry *e);

static inline uint64_t entry_time(uint64_t ns)
{
    uint64_t time = ns / ENTRY_STEP_NS;
    if (unlikely(time >= ENTRY_LATE))
        time =
            ns >> ENTRY_LATE_SHIFT < ENTRY_LATE - 1 ? ENTRY_LATE | ns >> ENTRY_LATE_SHIFT : ENTRY_NEVER - 1;
    return ns != CLOCK_NEVER ? time : ENTRY_NEVER;
}

static inline uint64_t entry_ns(uint64_t time)
{
    if (likely(time < ENTRY_LATE))
        return time * ENTRY_STEP_NS;
    return time == ENTRY_NEVER ? CLOCK_NEVER : (time & ~ENTRY_LATE) << ENTRY_LATE_SHIFT;
}

/* The body chose its times, or who put it. */
static inline bool entry_has_own_times(const struct entry *e)
{
    return (entry_flags(e) & ENTRY_MORE) && entry_more(e)->stale_until != 0;
}

/* Hits have one look at `when`: none of these, and it is fresh until a time of the first kind. */
#define ENTRY_ODD (ENTRY_TURN | ENTRY_LATE | (uint64_t)(ENTRY_FAILED | ENTRY_TROUBLE) << ENTRY_FLAGS_AT)

static inline uint64_t entry_born(const struct entry *e)
{
    return entry_ns(e->shape & ENTRY_TIME);
}

/* Before it is published. */
void entry_set_born(struct entry *e, uint64_t ns);
void entry_set_cost(struct entry *e, uint64_t us);

/* To within an eighth. */
uint32_t entry_cost_us(const struct entry *e);

/* 0 once it is known to be stale: when that was is then forgotten. */
static inline uint64_t entry_fresh_until(const struct entry *e)
{
    uint64_t when = atomic_load_explicit(&e->when, memory_order_relaxed);
    return when & ENTRY_TURN ? 0 : entry_ns(when & ENTRY_TIME);
}

/* Fresh until then, if nobody has a lease on it. */
void entry_set_fresh_until(struct entry *e, uint64_t ns);

static inline bool entry_is_fresh(uint64_t when, uint64_t now)
{
    return !(when & ENTRY_TURN) && now < entry_ns(when & ENTRY_TIME);
}

/*
 * `use`:
 *
 *   15  14 13     3     2       1  0
 *   | 0   | hits  | uncalled | left |
 *
 * `left`: touches until more say nothing (eviction); `uncalled`: for timed refreshes. Hits are exact up to
 * ENTRY_HITS_EXACT, then in steps that double with them, 16 to a doubling, taken by chance: from 2,048 hits
 * on less than one in a hundred writes the line that all cores read. A count is then right on average, and
 * off by 15 % as the root of the mean square, more than 30 % at less than one entry in 20. What orders and
 * sorts by it looks at doublings.
 *
 * The count is a size and a part of 64. Parts of sizes 0 and 1 are hits; 2 and 3 are left out, so that a size
 * says how seldom a step is taken, and each that is taken is four parts.
 */
enum {
    ENTRY_LEFT = 3,
    ENTRY_UNCALLED = 4,
    ENTRY_HITS_AT = 3,
    ENTRY_HITS_SIZE_AT = 9,
    ENTRY_HITS_PARTS = 64,
    ENTRY_HITS_EXACT = 2 * ENTRY_HITS_PARTS,
    ENTRY_HITS_STEPS = 4 * ENTRY_HITS_PARTS,
    ENTRY_HITS_STEP = 4,
    ENTRY_HITS_MOST = 28 * ENTRY_HITS_PARTS
};

static inline uint32_t entry_hits(const struct entry *e)
{
    uint32_t parts = atomic_load_explicit(&e->use, memory_order_relaxed) >> ENTRY_HITS_AT;
    if (parts < ENTRY_HITS_EXACT)
        return parts;
    return (ENTRY_HITS_PARTS + parts % ENTRY_HITS_PARTS) << (parts / ENTRY_HITS_PARTS - 3);
}

static inline unsigned entry_touched(const struct entry *e)
{
    return ENTRY_TOUCHED_MOST - (atomic_load_explicit(&e->use, memory_order_relaxed) & ENTRY_LEFT);
}

static inline void entry_set_touched(struct entry *e, unsigned touched)
{
    unsigned use = atomic_load_explicit(&e->use, memory_order_relaxed) & ~(unsigned)ENTRY_LEFT;
    atomic_store_explicit(&e->use, (uint16_t)(use | (ENTRY_TOUCHED_MOST - touched)), memory_order_relaxed);
}

/* Whether it was called since entry_called() was last asked, or since it was made. */
static inline bool entry_was_called(const struct entry *e)
{
    return !(atomic_load_explicit(&e->use, memory_order_relaxed) & ENTRY_UNCALLED);
}

/* The same, and from now on it was not. */
static inline bool entry_called(struct entry *e)
{
    return !(atomic_fetch_or_explicit(&e->use, ENTRY_UNCALLED, memory_order_relaxed) & ENTRY_UNCALLED);
}

/* The seldom half of a hit: `use` as it was seen, and whether it takes a step. */
void entry_write_touch(struct entry *e, unsigned use, bool step) __attribute__((cold));

/* A hit; `n` counts the caller's: which of them take a step is spread evenly, whatever the caller's rhythm.
 */
static inline void entry_touch(struct entry *e, uint64_t n)
{
    unsigned use = atomic_load_explicit(&e->use, memory_order_relaxed);
    /* 0 at one in so many as a step stands for; while steps are single always. */
    uint64_t chance = (uint32_t)n * UINT32_C(0x9E3779B1);
    uint64_t step = chance >> (33 - (use >> ENTRY_HITS_SIZE_AT));
    if (unlikely(step == 0 || (use & (ENTRY_LEFT | ENTRY_UNCALLED))))
        entry_write_touch(e, use, step == 0);
}

#endif
