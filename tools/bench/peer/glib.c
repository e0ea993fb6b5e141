/* peer_glib.c - GLib's hash table under its read-write lock. */
#include <stdlib.h>

#include <glib.h>

#include "peer.h"

static GHashTable *table;
static GRWLock lock;
static struct pair_int *ints;
static struct pair_row *rows;
static size_t used;

static guint hash_of_int(gconstpointer key)
{
    return (guint)hash_int(*(const int64_t *)key);
}

static guint hash_of_row(gconstpointer key)
{
    return (guint)hash_row(key);
}

static gboolean same_rows(gconstpointer a, gconstpointer b)
{
    return same_row(a, b);
}

static const char *version(void)
{
    return PEER_GLIB;
}

static bool open_(size_t entries, bool strings)
{
    used = 0;
    ints = strings ? NULL : calloc(entries, sizeof *ints);
    rows = strings ? calloc(entries, sizeof *rows) : NULL;
    table = strings ? g_hash_table_new(hash_of_row, same_rows) : g_hash_table_new(hash_of_int, g_int64_equal);
    return ints || rows;
}

static void close_(void)
{
    g_hash_table_destroy(table);
    free(ints);
    free(rows);
}

static void insert(void *pair)
{
    g_rw_lock_writer_lock(&lock);
    g_hash_table_insert(table, pair, pair);
    g_rw_lock_writer_unlock(&lock);
}

static void put_int(int64_t key, int64_t value)
{
    struct pair_int *pair = &ints[used++];

    *pair = (struct pair_int){key, value};
    insert(pair);
}

static int64_t get_int(int64_t key)
{
    struct pair_int *pair;
    int64_t value;

    g_rw_lock_reader_lock(&lock);
    pair = g_hash_table_lookup(table, &key);
    value = pair ? pair->value : 0;
    g_rw_lock_reader_unlock(&lock);
    return value;
}

static void put_row(const char *key, const struct row *value)
{
    struct pair_row *pair = &rows[used++];

    memcpy(pair->key, key, KEY_BYTES);
    pair->value = *value;
    insert(pair);
}

static struct row get_row(const char *key)
{
    struct row value = {{0}};
    struct pair_row *pair;

    g_rw_lock_reader_lock(&lock);
    pair = g_hash_table_lookup(table, key);
    if (pair)
        value = pair->value;
    g_rw_lock_reader_unlock(&lock);
    return value;
}

const struct peer peer_glib = {
    "GHashTable + GRWLock", false, 1, version, open_, put_int, get_int, put_row, get_row, close_};
