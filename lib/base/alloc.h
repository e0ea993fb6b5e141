/*
 * alloc.h - the runtime's own memory: nothing of the host's malloc is used, so that a call from a signal
 * handler that interrupted the host's malloc cannot meet its lock, and what is purged goes back to the
 * system.
 *
 *   chunk: 2 MiB, aligned to its size, mapped at need, unmapped when empty
 *   | unit 0: struct chunk | unit 1 | ... | unit 127 |          a unit: 16 KiB
 *   run: one unit or several, cut into objects of one size (80 sizes up to 16 KiB), or one object up to 1 MiB
 *   larger objects: a mapping of their own
 *
 * An object of a multiple of 64 bytes up to 1024, or of more than 1024, starts on a cache line. Free units
 * are given back by madvise once a quarter of a chunk is free. What is small is got from and put into
 * hands of 16 objects, by stripes (stripe.h); behind them is one lock, innermost of all, never held over
 * munmap.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address_range.h"

/* The address sanitizer knows the host's allocator, not ours: under it every object is one of the host's. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ALLOC_OF_HOST 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(ALLOC_OF_HOST)
#define ALLOC_OF_HOST 1
#endif

void *alloc_get(size_t size, bool zeroed); /* NULL: no memory */
void alloc_put(void *p);

/*
 * Huge pages for what is large: made of pages that are there already and by a thread that can afford it, as
 * the system takes up to milliseconds for one. wants: is there such work? collapse: does one piece of it;
 * true when there is more.
 */
bool alloc_wants(void);
bool alloc_collapse(void);

struct alloc_usage {
    uint64_t objects;  /* bytes in use, rounded to sizes */
    uint64_t resident; /* bytes of memory that the system has given for them */
    uint64_t mapped;   /* bytes of address space */
};
void alloc_usage(struct alloc_usage *usage);

/* Where an object is, in few bits. 0: nowhere. */
#ifdef ALLOC_OF_HOST
typedef uintptr_t alloc_ref;
#define alloc_ref_of(p) ((uintptr_t)(p))
#define alloc_at(ref)   ((void *)(ref))
#else
typedef uint32_t alloc_ref;

static inline alloc_ref alloc_ref_of(const void *p)
{
    return p == NULL ? 0 : (alloc_ref)(((uintptr_t)p - address_range_base) / ADDRESS_RANGE_GRAIN);
}

static inline void *alloc_at(alloc_ref ref)
{
    return ref == 0 ? NULL : (void *)(address_range_base + (uintptr_t)ref * ADDRESS_RANGE_GRAIN);
}
#endif

/* After much was put back: what threads keep at hand goes back too. */
void alloc_tidy(void);

#endif
