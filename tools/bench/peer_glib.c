/* peer_glib.c - GLib's hash table under its read-write lock. */
#include <stdlib.h>

#include <glib.h>

#include "peer.h"

static GHashTable *table;
static GRWLock lock;
static int64_t *pairs;
static size_t used;

static const char *version(void)
{
    return PEER_GLIB;
}

static bool open_(size_t entries)
{
    used = 0;
    pairs = calloc(entries * 2, sizeof *pairs);
    table = g_hash_table_new(g_int64_hash, g_int64_equal);
    return pairs != NULL;
}

static void close_(void)
{
    g_hash_table_destroy(table);
    free(pairs);
}

static void put(int64_t key, int64_t value)
{
    int64_t *pair = &pairs[2 * used++];

    pair[0] = key;
    pair[1] = value;
    g_rw_lock_writer_lock(&lock);
    g_hash_table_insert(table, pair, pair);
    g_rw_lock_writer_unlock(&lock);
}

static int64_t get(int64_t key)
{
    int64_t *pair, value;

    g_rw_lock_reader_lock(&lock);
    pair = g_hash_table_lookup(table, &key);
    value = pair ? pair[1] : 0;
    g_rw_lock_reader_unlock(&lock);
    return value;
}

const struct peer peer_glib = {"GHashTable + GRWLock", false, 1, version, open_, put, get, close_};
