/*
 * chunk.h - the mappings that alloc.c cuts into runs: units taken and free, the memory behind them, huge
 * pages. Everything here is under alloc.c's lock.
 */
#ifndef BASE_CHUNK_H
#define BASE_CHUNK_H

#include "alloc.h"
#include "os.h"

enum {
    CHUNK = 2 << 20,
    UNIT = 16 << 10,
    UNITS = CHUNK / UNIT,
};

struct run {
    struct run *next, *prev; /* of those of a class with room */
    void *free;              /* a list through the objects */
    uint32_t used, carved;   /* objects; those at or above `carved` were never handed out */
    uint8_t class, units, start;
    bool counted; /* all of it stands in `resident` */
};

struct chunk {
    struct chunk *next, *prev; /* of those with a free unit, or of those that want huge pages */
    size_t size;               /* a mapping of one large object: its bytes; else 0 */
    uint32_t free_units, idle; /* idle: free, with memory behind them */
    bool huge, wanting;        /* made of huge pages; on the list of those to be made so */
    bool collapsing, ended;    /* in the hands of alloc_collapse(), which then unmaps what has ended */
    bool taken[UNITS], resident[UNITS];
    struct run runs[UNITS];
};
extern struct alloc_usage chunk_use;

static inline struct chunk *chunk_of(const void *p)
{
    return (struct chunk *)((uintptr_t)p & ~(uintptr_t)(CHUNK - 1));
}

static inline unsigned unit_of(const void *p)
{
    return (unsigned)(((uintptr_t)p & (CHUNK - 1)) / UNIT);
}

static inline unsigned char *base_of(const struct run *r)
{
    return (unsigned char *)chunk_of(r) + (size_t)r->start * UNIT;
}

/*
 * Units in a row, from any chunk; `whole`: count them as there at once; `used`, if not NULL, says which of
 * them may hold something: the others are zero. NULL: no memory.
 */
struct run *chunk_take(unsigned units, bool whole, bool *used);
/* Back again. A chunk that is to be unmapped once the lock is free, or NULL. */
struct chunk *chunk_give(struct run *r);
/* Counts what lies behind a run as there, of which `counted` bytes are already. */
void chunk_count(struct run *r, size_t counted);

/* A chunk that is large or all in use is wanted in huge pages; chunk_wanted() takes one off, to be collapsed.
 */
void chunk_want(struct chunk *c);
void chunk_want_no_more(struct chunk *c);
struct chunk *chunk_wanted(void);
bool chunk_any_wanted(void);              /* any thread, no lock */
struct chunk *chunk_end(struct chunk *c); /* as chunk_give() */

#endif
