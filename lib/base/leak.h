/*
 * leak.h - what leak checkers are told of our memory.
 *
 * Objects of the host's malloc that the cache holds are pointed to from our own mappings alone. The leak
 * sanitizer looks only into what it knows of; valgrind looks into every mapping, but at aligned words alone.
 */
#ifndef BASE_LEAK_H
#define BASE_LEAK_H

#include <stddef.h>

/* From now on pointers in there count; ends: of the very same range, before it is unmapped. */
void leak_root(const void *at, size_t size);
void leak_root_ends(const void *at, size_t size);

#endif
