/*
 * peer.h - other tables and caches, measured on the loops of compare.c. Each is there when the build, or the
 * machine, has it.
 */
#ifndef SWRBENCH_PEER_H
#define SWRBENCH_PEER_H

#include "bench.h"

#ifdef __cplusplus
extern "C" {
#endif

struct peer {
    const char *name;
    bool bounded;                 /* a cache: knows what to throw away */
    unsigned slower;              /* makes so many times fewer calls: each takes microseconds */
    const char *(*version)(void); /* NULL: it is not on this machine */
    bool (*open)(size_t entries);
    void (*put)(int64_t key, int64_t value);
    int64_t (*get)(int64_t key);
    void (*close)(void);
};

extern const struct peer peer_lru;
extern const struct peer peer_urcu;
extern const struct peer peer_ck;
extern const struct peer peer_glib;
extern const struct peer peer_tbb;
extern const struct peer peer_memcached;
extern const struct peer peer_redis;

#ifdef __cplusplus
}
#endif

#endif
