/*
 * evict.h - which entry goes when a bound is reached.
 *
 * Newcomers enter a small queue; what was asked for again goes on to the main one, the rest leaves a
 * fingerprint (ghost.h). A fingerprint that comes back enters the main queue and moves the share of the small
 * one: S3-FIFO (Yang et al., SOSP 2023) with the balance of ARC (Megiddo and Modha, FAST 2003). A hit only
 * sets `touched`, and only when that changes it.
 *
 * Cost: the main queue is one for each class of worth (microseconds to compute, by byte where bytes are
 * bounded). Each is first in, first out; the one whose oldest is due first gives the victim, and a dearer
 * entry is due later (GreedyDual by CAMP's queues, Ghandeharizadeh et al. 2014). Where costs differ, hits so
 * far count as well (Cherkasova's GDSF, 1998). Where all cost the same there is one class and neither plays a
 * part.
 *
 * One evictor bounds the whole table; a function with bounds of its own has another.
 */
#ifndef CORE_EVICT_H
#define CORE_EVICT_H

#include "entry.h"
#include "ghost.h"
#include "base/lock.h"

enum { EVICT_NONE, EVICT_SMALL, EVICT_MAIN, EVICT_CLASSES = 8 }; /* entry_queue(): EVICT_MAIN + class */

/*
 * Entries say which queue they are in, not when they are due: what went in one after the other is due at
 * about the same time, so a main queue has a mark for each such stretch. Who leaves from the middle is taken
 * off the longest: that may be another's, and the turns of a few are then off by a stretch.
 */
enum { EVICT_MARKS = 20, EVICT_LEAVING = 16 };

struct evict_queue {
    alloc_ref head, tail; /* head: newest */
    uint32_t first, marks;
    uint64_t entries;
    struct {
        uint32_t due; /* of the stretch's oldest */
        uint64_t entries;
    } mark[EVICT_MARKS]; /* a ring from `first` on, oldest first */
};

/* A bound, as it stood when an entry had to go for it. */
struct evict_bound {
    bool bytes; /* else entries */
    uint64_t most;
};

struct evict {
    struct lock lock; /* everything below; taken inside a shard's lock, never around one */
    uint32_t level;   /* what the last one to leave the main queues was due at */
    struct evict_queue small, main[EVICT_CLASSES];
    uint64_t bytes, entries;
    uint64_t max_bytes, max_entries; /* UINT64_MAX: none */
    double share;                    /* of the small queue among all entries, at least */
    double mean_worth;               /* of the latest newcomers */
    double deviation;                /* how far theirs is off it on average */
    uint32_t seen;                   /* newcomers, up to what the mean looks back */
    struct ghost ghost;
    struct entry *leaving[EVICT_LEAVING]; /* picked, with the reference, until evict_gone() */
};

void evict_add(struct evict *v, struct entry *e);
void evict_replace(struct evict *v, struct entry *old, struct entry *new_); /* a refresh is not a use */
void evict_remove(struct evict *v, struct entry *e);
/*
 * While a bound is exceeded: unlinks the next to go from the queues, takes a reference to it and returns it;
 * NULL when nothing has to go, or nothing may within a bounded search. `may_go` refuses entries under lease.
 * `bound`, if not NULL: for which it goes. So many are picked at once, and no more, until evict_gone() says
 * that one is out of the table.
 */
struct entry *evict_pick(struct evict *v, bool (*may_go)(struct entry *), struct evict_bound *bound);
void evict_gone(struct evict *v, struct entry *e);
void evict_bounds(struct evict *v, uint64_t max_bytes, uint64_t max_entries);
void evict_end(
    struct evict *v); /* of one that bounds nothing any more: what it has beside its own structure */
uint64_t evict_bytes(struct evict *v);
uint64_t evict_entries(struct evict *v);
uint64_t evict_overhead(struct evict *v); /* bytes the evictor itself takes beside its own structure */

#endif
