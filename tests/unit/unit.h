/*
 * unit.h - keys and entries for the tests of the pure part. Shapes come from real annotations, so that what
 * is tested is what programs hand in.
 */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <swrcache.h>

#include "core/entry.h"
#include "core/key.h"

/* SITE(f) and SHAPE(f): of the annotated function `f`, the shape with a seed of its own. */
#define SITE(f)  ((void)(f), &swrcache_site_##f)
#define SHAPE(f) (shape_of(SITE(f), 42))

/* The arguments of one call, in order; pointers stay the caller's. */
#define VAL(x)                                                                                               \
    {                                                                                                        \
        &(x), sizeof(x)                                                                                      \
    }
#define STR(s)                                                                                               \
    {                                                                                                        \
        (s), 0                                                                                               \
    }
#define BYTES(p, n)                                                                                          \
    {                                                                                                        \
        (p), (n)                                                                                             \
    }

struct packed {
    struct key key;
    unsigned char bytes[16384];
};

static inline struct key_shape shape_of(const struct swrcache_site *site, uint64_t seed)
{
    struct key_shape shape;
    key_shape_of(&shape, site, seed);
    return shape;
}

/* False: the arguments make no key. */
static inline bool pack(struct packed *p, const struct key_shape *shape, const struct swrcache_arg *args)
{
    ptrdiff_t size = key_size(shape, args);
    if (size < 0 || (size_t)size > sizeof p->bytes)
        return false;
    ptrdiff_t len = key_encode(shape, args, p->bytes, (size_t)size);
    if (len < 0)
        return false;
    p->key = (struct key){key_hash(shape, p->bytes, (size_t)len), (size_t)len, p->bytes};
    return true;
}

static inline bool same_key(const struct key *a, const struct key *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* Behind the value. */
static inline uint64_t chosen_hash(struct entry *e)
{
    uint64_t hash;
    memcpy(&hash, entry_value(e) + entry_value_len(e) - sizeof hash, sizeof hash);
    return hash;
}

/* An entry under a key of eight bytes, with a hash of the test's choice. */
static inline struct entry *entry_with(uint64_t number, uint64_t hash, size_t value_len)
{
    struct key key = {hash, sizeof number, (const unsigned char *)&number};
    struct entry *e = entry_new(&key, 1, value_len + sizeof hash, (struct entry_extra){.more = false});
    entry_hash = chosen_hash;
    if (e != NULL)
        memcpy(entry_value(e) + value_len, &hash, sizeof hash);
    return e;
}

/* Always the same sequence from the same seed (xorshift64*). */
static inline uint64_t chance(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

#endif
