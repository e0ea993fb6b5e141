/* peer_urcu.c - liburcu's lock-free resizable hash table (rculfhash), the bullet-proof flavour. */
#define _LGPL_SOURCE
#include <stdlib.h>

#include <urcu-bp.h>
#include <urcu/rculfhash.h>

#include "peer.h"

struct node {
    struct cds_lfht_node node;
    char pair[]; /* a struct pair_int or pair_row, as all of them */
};

static struct cds_lfht *table;
static char *nodes;
static size_t used, stride;

static const void *pair_of(struct cds_lfht_node *node)
{
    return caa_container_of(node, struct node, node)->pair;
}

static int match_int(struct cds_lfht_node *node, const void *key)
{
    return ((const struct pair_int *)pair_of(node))->key == *(const int64_t *)key;
}

static int match_row(struct cds_lfht_node *node, const void *key)
{
    return same_row(((const struct pair_row *)pair_of(node))->key, key);
}

static const char *version(void)
{
    return PEER_URCU;
}

static bool open_(size_t entries, bool strings)
{
    size_t size = 64;

    while (size < entries)
        size *= 2;
    used = 0;
    stride = sizeof(struct node) + (strings ? sizeof(struct pair_row) : sizeof(struct pair_int));
    nodes = calloc(entries, stride);
    table = cds_lfht_new(size, size, 0, 0, NULL);
    return nodes && table;
}

static void close_(void)
{
    struct cds_lfht_iter iter;
    struct node *node;

    rcu_read_lock();
    cds_lfht_for_each_entry(table, &iter, node, node) cds_lfht_del(table, &node->node);
    rcu_read_unlock();
    synchronize_rcu();
    cds_lfht_destroy(table, NULL);
    free(nodes);
}

static void *next_pair(void)
{
    return ((struct node *)(void *)(nodes + stride * used))->pair;
}

static void add(uint64_t hash)
{
    struct node *node = (void *)(nodes + stride * used++);

    cds_lfht_node_init(&node->node);
    rcu_read_lock();
    cds_lfht_add(table, hash, &node->node);
    rcu_read_unlock();
}

static void put_int(int64_t key, int64_t value)
{
    *(struct pair_int *)next_pair() = (struct pair_int){key, value};
    add(hash_int(key));
}

static void put_row(const char *key, const struct row *value)
{
    struct pair_row *pair = next_pair();

    memcpy(pair->key, key, KEY_BYTES);
    pair->value = *value;
    add(hash_row(key));
}

static int64_t get_int(int64_t key)
{
    struct cds_lfht_iter iter;
    struct cds_lfht_node *node;
    int64_t value = 0;

    rcu_read_lock();
    cds_lfht_lookup(table, hash_int(key), match_int, &key, &iter);
    node = cds_lfht_iter_get_node(&iter);
    if (node)
        value = ((const struct pair_int *)pair_of(node))->value;
    rcu_read_unlock();
    return value;
}

static struct row get_row(const char *key)
{
    struct cds_lfht_iter iter;
    struct cds_lfht_node *node;
    struct row value = {{0}};

    rcu_read_lock();
    cds_lfht_lookup(table, hash_row(key), match_row, key, &iter);
    node = cds_lfht_iter_get_node(&iter);
    if (node)
        value = ((const struct pair_row *)pair_of(node))->value;
    rcu_read_unlock();
    return value;
}

const struct peer peer_urcu = {
    "liburcu rculfhash", false, 1, version, open_, put_int, get_int, put_row, get_row, close_};
