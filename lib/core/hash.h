/*
 * hash.h - the hash that finds a key: XXH3 of 64 bits, seeded by process and function. Inlined, so that a key
 * of one word costs a few instructions.
 *
 * Of a key that is one number (KEY_OF_WORD, KEY_OF_HALF) it is made from the number as a word, of one that is
 * one text (KEY_OF_TEXT) from its characters alone: a look-up need not encode either.
 */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include "key.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static inline uint64_t hash_bytes(const struct key_shape *shape, const void *bytes, size_t len)
{
    return XXH3_64bits_withSeed(bytes, len, shape->seed);
}

static inline uint64_t hash_word(const struct key_shape *shape, uint64_t word)
{
    return hash_bytes(shape, &word, sizeof word);
}

#endif
