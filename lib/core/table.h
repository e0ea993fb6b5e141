/*
 * table.h - entries found by key: lookups take no lock, writers lock one of TABLE_SHARDS shards.
 *
 * A shard is an array of buckets, a bucket one cache line:
 *
 *   | tag 0 | ... | tag 11 | overflow | 3 unused |      16 bytes
 *   | slot 0 | ... | slot 11 |                          each 4 bytes: where the entry is (alloc.h); 0: free
 *
 * The tags, eight bits of the hash each, are compared all at once: no branch asks which slot it is. A tag
 * that fits is a hint, the key decides. An entry stands in its home bucket or, when that is full, in one of
 * the next WINDOW - 1; `overflow` counts the entries that had to leave home, so that a lookup goes on only
 * then.
 *
 * A shard grows when it is seven eighths full, or a window is, by half or by a third: to 2^n buckets and to 3
 * * 2^n in turn, so that it is never less than two thirds as full as it gets. Small arrays are copied at
 * once; larger ones a few buckets with each insertion, so that no caller is held up: meanwhile an entry is in
 * the new array or still in the old one, and who misses it in the new looks there. table_tidy() shrinks in
 * the same way. When a window is full although the shard is nearly empty (hostile hashes), the insertion is
 * refused. An array that is left is freed after a grace period. Tags and one line a bucket: MemC3 (Fan et
 * al., NSDI 2013).
 */
#ifndef CORE_TABLE_H
#define CORE_TABLE_H

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "entry.h"
#include "base/lock.h"

enum { TABLE_SHARDS = 64, TABLE_SLOTS = 12, TABLE_WINDOW = 32, TABLE_OVERFLOW = 12 };

struct table_bucket {
    _Atomic uint64_t tags[2]; /* of 8 each, slot 0 in the lowest byte; byte 12: overflow. The shard's lock */
    _Atomic alloc_ref slot[TABLE_SLOTS];
};

#ifndef ALLOC_OF_HOST
static_assert(sizeof(struct table_bucket) == 64, "a cache line");
#endif

struct array;

struct table_shard {
    alignas(64) struct lock lock;
    _Atomic uint32_t entries; /* written under the lock, read by anyone */
    /* lock */
    size_t moved;      /* buckets of the leaving array that are empty */
    struct array *bin; /* what the leaving array is freed by */
};

struct table {
    alignas(64) _Atomic uintptr_t arrays[TABLE_SHARDS]; /* address | its size, table_count(); 0: none yet */
    _Atomic uintptr_t leaving[TABLE_SHARDS]; /* the array before it while its entries move; mostly 0 */
    struct table_shard shards[TABLE_SHARDS];
};

static inline uint32_t table_shard_of(uint64_t hash)
{
    return (uint32_t)(hash & (TABLE_SHARDS - 1));
}

/* The low six bits of an array's word are its size: n in five of them, and in the lowest whether half more.
 */
static inline struct table_bucket *table_buckets(uintptr_t word)
{
    return (struct table_bucket *)(word & ~(uintptr_t)63);
}

/* 1, 2, 3, 4, 6, 8, 12, ...; there is no size 1. */
static inline size_t table_count(uintptr_t word)
{
    return (size_t)(2 + (word & 1)) << (word >> 1 & 31) >> 1;
}

/* Bits 0-5 of a hash choose the shard, the upper half the bucket, 16-23 are the tag. */
static inline size_t table_home(uint64_t hash, uintptr_t word)
{
    return (size_t)((hash >> 32) * (2 + (word & 1)) >> (33 - (word >> 1 & 31)));
}

static inline uint8_t table_tag(uint64_t hash)
{
    return (uint8_t)(hash >> 16);
}

#define TABLE_IN_PLACE static inline __attribute__((always_inline))

typedef bool table_same(const struct entry *e, uint64_t identity, const void *what);

/* Bit i: the tag of slot i fits. */
TABLE_IN_PLACE unsigned table_fits(struct table_bucket *b, uint64_t hash)
{
    uint64_t low = atomic_load_explicit(&b->tags[0], memory_order_acquire);
    uint64_t high = atomic_load_explicit(&b->tags[1], memory_order_acquire);
#ifdef __SSE2__
    __m128i tags = _mm_set_epi64x((long long)high, (long long)low);
    __m128i fits = _mm_cmpeq_epi8(tags, _mm_set1_epi8((char)table_tag(hash)));
    return (unsigned)_mm_movemask_epi8(fits) & ((1u << TABLE_SLOTS) - 1);
#else
    /* Bytes of zero, exactly; then their top bits gathered by a product. */
    const uint64_t ones = UINT64_C(0x0101010101010101), lows = ones * 127;
    uint64_t x = low ^ table_tag(hash) * ones, y = high ^ table_tag(hash) * ones;
    x = ~(((x & lows) + lows) | x | lows) >> 7;
    y = ~(((y & lows) + lows) | y | lows) >> 7;
    const uint64_t gather = UINT64_C(0x0102040810204080);
    return (unsigned)(x * gather >> 56 | y * gather >> 56 << 8) & ((1u << TABLE_SLOTS) - 1);
#endif
}

/* In the slot of the first tag that fits; NULL: it is free. */
TABLE_IN_PLACE struct entry *table_at(struct table_bucket *b, unsigned fits)
{
    return alloc_at(atomic_load_explicit(&b->slot[__builtin_ctz(fits)], memory_order_acquire));
}

/* The entry of `hash` in bucket `b` for which `same` is true. */
TABLE_IN_PLACE struct entry *table_look(struct table_bucket *b, uint64_t hash, uint64_t identity,
                                        table_same *same, const void *what)
{
    for (unsigned fits = table_fits(b, hash); fits != 0; fits &= fits - 1) {
        struct entry *e = table_at(b, fits);
        if (likely(e != NULL) && likely(same(e, identity, what)))
            return e;
    }
    return NULL;
}

/*
 * For the path of a hit, the comparison expanded in place: only the first tag that fits is looked at, which
 * mostly is the one. NULL: ask table_find_by().
 */
TABLE_IN_PLACE struct entry *table_find_first(struct table *t, uint64_t identity, uint64_t hash,
                                              table_same *same, const void *what)
{
    uintptr_t word = atomic_load_explicit(&t->arrays[table_shard_of(hash)], memory_order_acquire);
    if (unlikely(word == 0))
        return NULL;
    struct table_bucket *b = &table_buckets(word)[table_home(hash, word)];
    unsigned fits = table_fits(b, hash);
    if (unlikely(fits == 0))
        return NULL;
    struct entry *e = table_at(b, fits);
    return likely(e != NULL) && likely(same(e, identity, what)) ? e : NULL;
}

/* table_find() for other ways to say which key. */
struct entry *table_find_by(struct table *t, uint64_t identity, uint64_t hash, table_same *same,
                            const void *what);

/*
 * In a section of epoch.h, or with the shard locked. Without the lock an entry that is just being moved may
 * be missed: who needs to be sure asks again with it.
 */
struct entry *table_find(struct table *t, uint64_t identity, const struct key *key);

void table_lock(struct table *t, uint32_t shard);
void table_unlock(struct table *t, uint32_t shard);

/* Shard locked. False: no memory or no room; the entry is not in. The caller's reference goes in with it. */
bool table_insert(struct table *t, struct entry *e);
/* Shard locked. False: `old` was not in. */
bool table_replace(struct table *t, struct entry *old, struct entry *new_);
bool table_remove(struct table *t, struct entry *old);
bool table_holds(struct table *t, struct entry *e);
/* About how many there are in all; no lock. */
uint64_t table_entries(struct table *t);

/*
 * A walk in pieces, the lock given back in between; begins as {0}, or with `thorough`: the pieces are
 * smaller, for who takes some microseconds over an entry.
 */
struct table_walk {
    bool thorough;
    size_t at;
    uintptr_t array; /* which was walked so far: another one is begun anew */
    unsigned restarts;
};
/* Shard locked. A piece of the walk: true while there is more. An entry may be shown twice. */
bool table_each_some(struct table *t, uint32_t shard, struct table_walk *w,
                     void (*visit)(struct entry *, void *), void *cookie);

/* Shard locked, no walk under way: after removals. Gives memory back, a bounded piece of work each time:
 * true while there is more to do. */
bool table_tidy(struct table *t, uint32_t shard);

/* Shard locked. `visit` may remove the entry it is shown. */
void table_each(struct table *t, uint32_t shard, void (*visit)(struct entry *, void *), void *cookie);

#endif
