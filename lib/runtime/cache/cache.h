/*
 * cache.h - the process's one table with its bounds, and the verbs that change it.
 *
 * Lock order: shard, then evictor. No lock is held while user code runs.
 */
#ifndef RUNTIME_CACHE_H
#define RUNTIME_CACHE_H

#include "runtime/registry/function.h"
#include "core/table.h"

extern struct table cache_table OURS;
extern struct evict cache_bounds;

/* Shard locked. Whether an entry can be kept within the bounds at all. */
bool cache_fits(struct function *f, const struct entry *e);
/* Shard locked. Puts an entry that fits in the place of `old` (NULL: none). False: no memory. */
bool cache_store(struct function *f, struct entry *old, struct entry *e);
/*
 * An entry to be holds what its marks name, until it is freed. One of a dictionary holds that as well: who
 * makes it calls function_hold().
 */
void cache_keep_marks(struct entry *e);
/* Shard locked. Takes it out; the table's reference goes after a grace period. `f` may go with a dictionary's
 * last: who has it from the entry alone does not look at it afterwards. */
void cache_drop(struct function *f, struct entry *e);
/* Shard locked. The same, and remembered as invalidated; false: it was not in. */
bool cache_drop_noted(struct function *f, struct entry *e);
/* Shard locked. Stale from now on; false: it was not fresh. */
bool cache_expire_entry(struct function *f, struct entry *e, uint64_t now);
/* No lock held: gives the memory of a shard's removals back. */
void cache_tidy(uint32_t shard);
/* No lock held: evicts until the bounds hold, or a bounded piece of the way there. */
void cache_trim(struct function *f);
/* The same, the whole way. */
void cache_trim_whole(struct function *f);

/* Bytes that were dropped since settle.h last saw to the memory; less than this is not worth a thread. */
enum { SETTLE_FROM = 256 << 10 };
extern _Atomic uint64_t cache_owed;
/* Any lock of the cache may be held. */
void cache_owe(const struct function *f, size_t bytes);

/* In a fork's child, alone: evictions that threads were amid are ended. */
void cache_fork_child(void);

/* Of an entry's key: core/entry.h has none. */
uint64_t cache_hash(struct entry *e);

void cache_ref(struct entry *e);
void cache_unref(struct entry *e);

/*
 * Between the two this thread releases no object: it holds a lock that calls may wait for, and the user's
 * function may wait for them. They may be nested.
 */
void cache_keep_objects(void);
void cache_free_objects(void);

/* What else this thread sees to between the pieces of a long walk, no lock held; NULL: nothing. */
extern __thread void (*cache_meanwhile)(void) __attribute__((tls_model("initial-exec")));

static inline void cache_pause(void)
{
    if (unlikely(cache_meanwhile != NULL))
        cache_meanwhile();
}

/* Called with the shard locked, must not block. */
typedef bool cache_match(struct function *f, const struct key *key, void *cookie);

/*
 * Shows every entry, a few at a time with their shard locked: `visit` must be quick and not call back. One
 * that moves meanwhile may be shown twice.
 */
void cache_each(void (*visit)(struct function *f, struct entry *e, void *cookie), void *cookie);

uint64_t cache_bytes(void);
uint64_t cache_entries(void); /* that calls may get */
uint64_t cache_held(void);    /* with those that wait to be swept */

#endif
