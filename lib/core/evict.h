/*
 * evict.h - which entry goes when a bound is reached: S3-FIFO (Yang et al., SOSP 2023) without its ghosts'
 * exactness: a small queue for newcomers, a main queue for what was asked for again, and fingerprints of
 * those that left the small queue unasked. A hit only sets `touched`, and only when that changes it.
 *
 * One evictor bounds the whole table; a function with bounds of its own has another.
 */
#ifndef CORE_EVICT_H
#define CORE_EVICT_H

#include "base/lock.h"
#include "entry.h"

enum { EVICT_NONE, EVICT_SMALL, EVICT_MAIN, EVICT_GHOSTS = 4096 };

struct evict_queue {
    struct entry *head, *tail; /* head: newest */
    uint64_t bytes;
    uint64_t entries;
};

struct evict {
    struct lock lock; /* everything below; taken inside a shard's lock, never around one */
    struct evict_queue small, main;
    uint64_t max_bytes, max_entries; /* UINT64_MAX: none */
    uint64_t evictions;
    uint32_t *ghosts; /* fingerprints, EVICT_GHOSTS of them; NULL before the first */
};

void evict_add(struct evict *v, struct entry *e);
void evict_replace(struct evict *v, struct entry *old, struct entry *new_);
void evict_remove(struct evict *v, struct entry *e);
/*
 * While a bound is exceeded: unlinks the next to go from the queues, takes a reference to it and returns it;
 * NULL when nothing has to go. `may_go` refuses entries under lease.
 */
struct entry *evict_pick(struct evict *v, bool (*may_go)(struct entry *));
void evict_bounds(struct evict *v, uint64_t max_bytes, uint64_t max_entries);
uint64_t evict_bytes(struct evict *v);
uint64_t evict_entries(struct evict *v);

#endif
