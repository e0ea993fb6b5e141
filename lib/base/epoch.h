/*
 * epoch.h - memory freed only when no reader can still see it (epoch-based reclamation, Fraser 2004).
 *
 * A reader announces the global epoch in its own record before it looks and withdraws it afterwards. What a
 * writer has unlinked is freed once every announced epoch is later than the unlinking. Sections nest; a
 * section must not sleep for long, or memory waits with it.
 */
#ifndef BASE_EPOCH_H
#define BASE_EPOCH_H

#include <stdalign.h>

#include "os.h"

/* One a thread, in a list that never shrinks; records of dead threads are used again. */
struct epoch_record {
    _Atomic uint64_t announced; /* 0: not reading. Written by the owner alone */
    uint32_t depth;             /* owner alone */
    _Atomic uint32_t used;
    struct epoch_record *next; /* set once, before the record is published */
};

/* A word of what is retired, at its beginning. */
struct epoch_garbage {
    struct epoch_garbage *next;
};
typedef void epoch_destroy(struct epoch_garbage *);

/* In the global epoch, which rises in steps of two: membarrier(2) does not make announcements visible. */
enum { EPOCH_HEAVY = 1 };

/* Read at every section, on a cache line with nothing that is written oftener. */
struct epoch_now {
    alignas(64) _Atomic uint64_t global;
};
extern struct epoch_now epoch_now OURS;

/* Asks for membarrier(2); without it a section begins with a full barrier (some 5 ns more). */
void epoch_start(void);

void epoch_join(struct epoch_record *record);       /* links a new record; the owner keeps it for ever */
void epoch_reset_others(struct epoch_record *mine); /* in a fork's child: the other threads are gone */

/* The outermost section of a thread, and nothing within it opens another. */
static inline void epoch_begin(struct epoch_record *r)
{
    uint64_t e = atomic_load_explicit(&epoch_now.global, memory_order_acquire);
    /* The announcement must be visible before the first look: membarrier in the collector, or here. */
    if (likely(!(e & EPOCH_HEAVY))) {
        atomic_store_explicit(&r->announced, e, memory_order_relaxed);
        atomic_signal_fence(memory_order_seq_cst);
    } else {
        atomic_exchange_explicit(&r->announced, e, memory_order_seq_cst);
    }
}

static inline void epoch_end(struct epoch_record *r)
{
    atomic_store_explicit(&r->announced, 0, memory_order_release);
}

static inline void epoch_enter(struct epoch_record *r)
{
    if (r->depth++ == 0)
        epoch_begin(r);
}

static inline void epoch_exit(struct epoch_record *r)
{
    if (--r->depth == 0)
        epoch_end(r);
}

/* Hands over what has been unlinked, `bytes` of it. Any thread; takes a lock, of its stripe. Few different
 * destructors. */
void epoch_retire(struct epoch_garbage *g, size_t bytes, epoch_destroy *destroy);
/*
 * Frees what may be freed now; runs the destructors: never with a lock held. tidy: only when it pays. What
 * had to wait for a reader was closed up to some collection; collect gives the number of the oldest such,
 * UINT64_MAX: nothing waits.
 */
uint64_t epoch_collect(void);
void epoch_tidy(void);
uint64_t epoch_closed(void); /* the number of the last collection */

/* Bytes that are retired and not freed yet, but for a megabyte at most that nobody has told of. */
uint64_t epoch_waiting(void);
/*
 * Is more than that retired, and not to be freed because a reader stands still? Frees what may be freed
 * first: no lock held. Cheap to ask again while that reader is still there.
 */
bool epoch_stuck(uint64_t most);

#endif
