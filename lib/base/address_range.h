/*
 * address_range.h - the range of addresses that the runtime's memory lies in, so that 32 bits say where an
 * object is. It is not reserved: a limit of address space counts only what is mapped, and what somebody else
 * has put there is stepped over.
 *
 *   base                                            base + 64 GiB (less where that much is not free)
 *   | chunk | chunk | somebody's | large object | chunk | ...         in steps of 2 MiB
 */
#ifndef BASE_ADDRESS_RANGE_H
#define BASE_ADDRESS_RANGE_H

#include <stddef.h>
#include <stdint.h>

enum { ADDRESS_RANGE_STEP = 2 << 20, ADDRESS_RANGE_GRAIN = 16 };

extern uintptr_t address_range_base; /* set before the first object is there */

/* The caller is alone (alloc.c's lock). Begins at a step; NULL: no memory, or no place. */
void *address_range_map(size_t size);
/* Its place may be used again; unmapping it, before, is the caller's. */
void address_range_free(void *at, size_t size);

#endif
