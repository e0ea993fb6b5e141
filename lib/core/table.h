/*
 * table.h - entries found by key: lookups take no lock, writers lock one of TABLE_SHARDS shards.
 *
 * A shard is an array of buckets, a bucket one cache line:
 *
 *   | tags: 7 bytes, overflow: 1 byte | slot 0 | ... | slot 6 |    slot: 16 bits of hash, 48 of address; 0:
 * free
 *
 * One load gives the seven tags, compared all at once within a word: no branch asks which slot it is. A tag
 * that fits is a hint; the slot's own bits of the hash, then the key, decide. An entry stands in its home
 * bucket or, when that is full, in one of the next WINDOW - 1; `overflow` counts the entries that had to
 * leave home, so that a lookup goes on only then.
 *
 * A shard doubles when a window is full. Small arrays are copied at once; larger ones a few buckets with
 * each insertion, so that no caller is held up: meanwhile an entry is in the new array or still in the old
 * one, and who misses it in the new looks there. table_tidy() shrinks in the same way. When a window is full
 * although the shard is nearly empty (hostile hashes), the insertion is refused. An array that is left is
 * freed after a grace period. Tags and one line a bucket: MemC3 (Fan et al., NSDI 2013).
 */
#ifndef CORE_TABLE_H
#define CORE_TABLE_H

#include <string.h>

#include "base/lock.h"
#include "entry.h"

enum { TABLE_SHARDS = 64, TABLE_SLOTS = 7, TABLE_WINDOW = 4, TABLE_HASH_SHIFT = 48 };

struct table_bucket {
    _Atomic uint64_t tags; /* byte i: tag of slot i; byte 7: overflow. Written under the shard's lock */
    _Atomic uint64_t slot[TABLE_SLOTS];
};

static_assert(offsetof(struct table_bucket, slot) == 8, "table_look() finds a slot by its tag's bits");

struct array;

struct table_shard {
    alignas(64) struct lock lock;
    /* lock */
    uint32_t entries;
    size_t moved;      /* buckets of the leaving array that are empty */
    struct array *bin; /* what the leaving array is freed by */
};

struct table {
    alignas(64) _Atomic uintptr_t arrays[TABLE_SHARDS]; /* address | log2 of the buckets; 0: none yet */
    _Atomic uintptr_t leaving[TABLE_SHARDS]; /* the array before it while its entries move; mostly 0 */
    struct table_shard shards[TABLE_SHARDS];
};

static inline uint32_t table_shard_of(uint64_t hash)
{
    return (uint32_t)(hash & (TABLE_SHARDS - 1));
}

/* The low six bits of an array's word are the log2 of its length, the rest its address. */
static inline struct table_bucket *table_buckets(uintptr_t word)
{
    return (struct table_bucket *)(word & ~(uintptr_t)63);
}

static inline size_t table_mask(uintptr_t word)
{
    return ((size_t)1 << (word & 63)) - 1;
}

/*
 * Bits 0-5 of a hash choose the shard, the highest the bucket, 16-23 are the tag, 0-15 stand in the slot:
 * each is had by a shift or two.
 */
static inline size_t table_home(uint64_t hash, uintptr_t word)
{
    return (size_t)(hash >> 1 >> (~word & 63));
}

static inline uint64_t table_tag(uint64_t hash)
{
    return hash >> 16 & 255;
}

/* What stands in a slot before the address. Never zero: an empty slot is nobody's. */
static inline uint64_t table_mark(uint64_t hash)
{
    return (hash | 1) << TABLE_HASH_SHIFT;
}

#define TABLE_IN_PLACE static inline __attribute__((always_inline))

typedef bool table_same(const struct entry *e, uint64_t identity, const void *what);

/*
 * The tags that fit: of each the top bit of its byte. The byte above one may seem to fit as well, by the
 * borrow: it is looked at in vain; the overflow's, which has no slot, is masked out.
 */
TABLE_IN_PLACE uint64_t table_fits(uint64_t tags, uint64_t hash)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t x = tags ^ table_tag(hash) * ones;
    return (x - ones) & ~x & ones << 7 >> 8;
}

/* The entry in the slot of the first tag that fits, or NULL: another hash's, or nobody's. */
TABLE_IN_PLACE struct entry *table_at(struct table_bucket *b, uint64_t fits, uint64_t hash)
{
    /* The top bit of byte i is one below where slot i begins in the bucket. */
    size_t top = (unsigned)__builtin_ctzll(fits);
    _Atomic uint64_t *slot = (_Atomic uint64_t *)((char *)b + top + 1);
    uint64_t address = atomic_load_explicit(slot, memory_order_acquire) ^ table_mark(hash);
    if (unlikely(address >> TABLE_HASH_SHIFT != 0))
        return NULL;
    if (address == 0)
        __builtin_unreachable(); /* no mark is zero */
    return (struct entry *)(uintptr_t)address;
}

/* The entry of `hash` in bucket `b` for which `same` is true. */
TABLE_IN_PLACE struct entry *table_look(struct table_bucket *b, uint64_t tags, uint64_t hash,
                                        uint64_t identity, table_same *same, const void *what)
{
    for (uint64_t fits = table_fits(tags, hash); fits != 0; fits &= fits - 1) {
        struct entry *e = table_at(b, fits, hash);
        if (e != NULL && likely(same(e, identity, what)))
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
    uint64_t fits = table_fits(atomic_load_explicit(&b->tags, memory_order_acquire), hash);
    if (unlikely(fits == 0))
        return NULL;
    struct entry *e = table_at(b, fits, hash);
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

/* A walk in pieces, the lock given back in between; begins as {0}. */
struct table_walk {
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
