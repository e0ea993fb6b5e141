/*
 * peer.h - other tables and caches, measured on the loops of compare.c. Each is there when the build, or the
 * machine, has it.
 */
#ifndef SWRBENCH_PEER_H
#define SWRBENCH_PEER_H

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "measure/bench.h"

#ifdef __cplusplus
extern "C" {
#endif

struct peer {
    const char *name;
    bool bounded;                 /* a cache: knows what to throw away */
    unsigned slower;              /* makes so many times fewer calls: each takes microseconds */
    const char *(*version)(void); /* NULL: it is not on this machine */
    bool (*open)(size_t entries, bool strings);
    void (*put_int)(int64_t key, int64_t value);
    int64_t (*get_int)(int64_t key);
    void (*put_row)(const char *key, const struct row *value);
    struct row (*get_row)(const char *key);
    void (*close)(void);
};

extern const struct peer peer_lru;
extern const struct peer peer_urcu;
extern const struct peer peer_ck;
extern const struct peer peer_glib;
extern const struct peer peer_tbb;
extern const struct peer peer_memcached;
extern const struct peer peer_redis;

struct pair_int {
    int64_t key, value;
};
struct pair_row {
    char key[KEY_BYTES];
    struct row value;
};

/* The same hashes for all of them. */
static inline uint64_t hash_int(int64_t key)
{
    uint64_t h = (uint64_t)key * 0x9e3779b97f4a7c15u;

    return h ^ h >> 32;
}

static inline uint64_t hash_row(const char *key)
{
    return XXH3_64bits(key, KEY_BYTES);
}

static inline bool same_row(const char *a, const char *b)
{
    return memcmp(a, b, KEY_BYTES) == 0;
}

#ifdef __cplusplus
}
#endif

#endif
