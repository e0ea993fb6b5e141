/* peer_ck.c - ConcurrencyKit's ck_hs: one writer, readers without a lock. */
#include <stdlib.h>

#include <ck_hs.h>

#include "peer.h"

struct pair {
    int64_t key, value;
};

static ck_hs_t table;
static struct pair *pairs;
static size_t used;

static void *take(size_t size)
{
    return malloc(size);
}

static void give(void *p, size_t size, bool defer)
{
    (void)size;
    (void)defer;
    free(p);
}

static struct ck_malloc memory = {.malloc = take, .free = give};

static unsigned long hash_of(const void *pair, unsigned long seed)
{
    uint64_t h = ((uint64_t)((const struct pair *)pair)->key ^ seed) * 0x9e3779b97f4a7c15u;

    return (unsigned long)(h ^ h >> 32);
}

static bool same(const void *a, const void *b)
{
    return ((const struct pair *)a)->key == ((const struct pair *)b)->key;
}

static const char *version(void)
{
    return PEER_CK;
}

static bool open_(size_t entries)
{
    used = 0;
    pairs = calloc(entries, sizeof *pairs);
    return pairs &&
           ck_hs_init(&table, CK_HS_MODE_SPMC | CK_HS_MODE_OBJECT, hash_of, same, &memory, entries * 2, 42);
}

static void close_(void)
{
    ck_hs_destroy(&table);
    free(pairs);
}

static void put(int64_t key, int64_t value)
{
    struct pair *pair = &pairs[used++];

    *pair = (struct pair){key, value};
    ck_hs_put(&table, CK_HS_HASH(&table, hash_of, pair), pair);
}

static int64_t get(int64_t key)
{
    struct pair wanted = {.key = key};
    struct pair *pair = ck_hs_get(&table, CK_HS_HASH(&table, hash_of, &wanted), &wanted);

    return pair ? pair->value : 0;
}

const struct peer peer_ck = {"ck_hs", false, 1, version, open_, put, get, close_};
