/*
 * window.h - the range of addresses that the runtime's memory lies in, so that 32 bits say where an object
 * is. It is not reserved: a limit of address space counts only what is mapped, and what somebody else has put
 * there is stepped over.
 *
 *   base                                            base + 64 GiB (less where that much is not free)
 *   | chunk | chunk | somebody's | large object | chunk | ...         in steps of 2 MiB
 */
#ifndef BASE_WINDOW_H
#define BASE_WINDOW_H

#include <stddef.h>
#include <stdint.h>

enum { WINDOW_STEP = 2 << 20, WINDOW_GRAIN = 16 };

extern uintptr_t window_base; /* set before the first object is there */

/* The caller is alone (alloc.c's lock). Begins at a step; NULL: no memory, or no place. */
void *window_map(size_t size);
/* Its place may be used again; unmapping it, before, is the caller's. */
void window_free(void *at, size_t size);

#endif
