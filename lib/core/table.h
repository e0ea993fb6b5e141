/*
 * table.h - entries found by key: lookups take no lock, writers lock one of TABLE_SHARDS shards.
 *
 * A shard is an array of buckets, a bucket one cache line:
 *
 *   | slot 0 | ... | slot 6 | overflow |        slot: 16 bits of hash, 48 of address; 0: free
 *
 * An entry stands in its home bucket or, when that is full, in one of the next WINDOW - 1; `overflow` counts
 * the entries that had to leave home, so that a lookup goes on only then. A shard doubles when a window is
 * full; when it is full although the shard is nearly empty (hostile hashes), the insertion is refused.
 * An old array is freed after a grace period. Tags and one line a bucket: MemC3 (Fan et al., NSDI 2013).
 */
#ifndef CORE_TABLE_H
#define CORE_TABLE_H

#include "base/lock.h"
#include "entry.h"

enum { TABLE_SHARDS = 64 };

struct table_shard {
    struct lock lock;
    uint32_t entries; /* lock */
};

struct table {
    _Atomic uintptr_t arrays[TABLE_SHARDS]; /* address | log2 of the buckets; 0: none yet */
    struct table_shard shards[TABLE_SHARDS];
};

static inline uint32_t table_shard_of(uint64_t hash)
{
    return (uint32_t)(hash & (TABLE_SHARDS - 1));
}

/* In a section of epoch.h, or with the shard locked. */
struct entry *table_find(struct table *t, uint64_t identity, const struct key *key);

void table_lock(struct table *t, uint32_t shard);
void table_unlock(struct table *t, uint32_t shard);

/* Shard locked. False: no memory or no room; the entry is not in. The caller's reference goes in with it. */
bool table_insert(struct table *t, struct entry *e);
/* Shard locked. False: `old` was not in. */
bool table_replace(struct table *t, struct entry *old, struct entry *new_);
bool table_remove(struct table *t, struct entry *old);
bool table_holds(struct table *t, struct entry *e);

/* Shard locked. `visit` may remove the entry it is shown. */
void table_each(struct table *t, uint32_t shard, void (*visit)(struct entry *, void *), void *cookie);

#endif
