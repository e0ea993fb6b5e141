/* peer_ck.c - ConcurrencyKit's ck_hs: one writer, readers without a lock. */
#include <stdlib.h>

#include <ck_hs.h>

#include "peer.h"

static ck_hs_t table;
static struct pair_int *ints;
static struct pair_row *rows;
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

static unsigned long hash_of_int(const void *pair, unsigned long seed)
{
    return hash_int(((const struct pair_int *)pair)->key ^ (int64_t)seed);
}

static unsigned long hash_of_row(const void *pair, unsigned long seed)
{
    return hash_row(((const struct pair_row *)pair)->key) ^ seed;
}

static bool same_ints(const void *a, const void *b)
{
    return ((const struct pair_int *)a)->key == ((const struct pair_int *)b)->key;
}

static bool same_rows(const void *a, const void *b)
{
    return same_row(((const struct pair_row *)a)->key, ((const struct pair_row *)b)->key);
}

static const char *version(void)
{
    return PEER_CK;
}

static bool open_(size_t entries, bool strings)
{
    used = 0;
    ints = strings ? NULL : calloc(entries, sizeof *ints);
    rows = strings ? calloc(entries, sizeof *rows) : NULL;
    return (ints || rows) &&
           ck_hs_init(&table, CK_HS_MODE_SPMC | CK_HS_MODE_OBJECT, strings ? hash_of_row : hash_of_int,
                      strings ? same_rows : same_ints, &memory, entries * 2, 42);
}

static void close_(void)
{
    ck_hs_destroy(&table);
    free(ints);
    free(rows);
}

static void put_int(int64_t key, int64_t value)
{
    struct pair_int *pair = &ints[used++];

    *pair = (struct pair_int){key, value};
    ck_hs_put(&table, CK_HS_HASH(&table, hash_of_int, pair), pair);
}

static int64_t get_int(int64_t key)
{
    struct pair_int wanted = {.key = key};
    struct pair_int *pair = ck_hs_get(&table, CK_HS_HASH(&table, hash_of_int, &wanted), &wanted);

    return pair ? pair->value : 0;
}

static void put_row(const char *key, const struct row *value)
{
    struct pair_row *pair = &rows[used++];

    memcpy(pair->key, key, KEY_BYTES);
    pair->value = *value;
    ck_hs_put(&table, CK_HS_HASH(&table, hash_of_row, pair), pair);
}

/* A pair begins with its key, and nothing behind that is looked at. */
static struct row get_row(const char *key)
{
    struct pair_row *pair = ck_hs_get(&table, CK_HS_HASH(&table, hash_of_row, key), key);

    return pair ? pair->value : (struct row){{0}};
}

const struct peer peer_ck = {"ck_hs", false, 1, version, open_, put_int, get_int, put_row, get_row, close_};
