/* peer_urcu.c - liburcu's lock-free resizable hash table (rculfhash), the bullet-proof flavour. */
#define _LGPL_SOURCE
#include <stdlib.h>

#include <urcu-bp.h>
#include <urcu/rculfhash.h>

#include "peer.h"

struct node {
    struct cds_lfht_node node;
    int64_t key, value;
};

static struct cds_lfht *table;
static struct node *nodes;
static size_t used;

static unsigned long hash_of(int64_t key)
{
    uint64_t h = (uint64_t)key * 0x9e3779b97f4a7c15u;

    return (unsigned long)(h ^ h >> 32);
}

static int match(struct cds_lfht_node *node, const void *key)
{
    return caa_container_of(node, struct node, node)->key == *(const int64_t *)key;
}

static const char *version(void)
{
    return PEER_URCU;
}

static bool open_(size_t entries)
{
    size_t size = 64;

    while (size < entries)
        size *= 2;
    used = 0;
    nodes = calloc(entries, sizeof *nodes);
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

static void put(int64_t key, int64_t value)
{
    struct node *node = &nodes[used++];

    node->key = key;
    node->value = value;
    cds_lfht_node_init(&node->node);
    rcu_read_lock();
    cds_lfht_add(table, hash_of(key), &node->node);
    rcu_read_unlock();
}

static int64_t get(int64_t key)
{
    struct cds_lfht_iter iter;
    struct cds_lfht_node *node;
    int64_t value = 0;

    rcu_read_lock();
    cds_lfht_lookup(table, hash_of(key), match, &key, &iter);
    node = cds_lfht_iter_get_node(&iter);
    if (node)
        value = caa_container_of(node, struct node, node)->value;
    rcu_read_unlock();
    return value;
}

const struct peer peer_urcu = {"liburcu rculfhash", false, 1, version, open_, put, get, close_};
