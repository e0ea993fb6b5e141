/* peer_lru.c - what one writes by hand: a hash table and a list under one mutex, exact LRU. */
#include <pthread.h>
#include <stdlib.h>

#include "peer.h"

struct node {
    struct node *next_in_slot, *newer, *older;
    int64_t key, value;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct node **slots, *nodes, *newest, *oldest;
static size_t mask, used, room;

static size_t slot_of(int64_t key)
{
    return (size_t)((uint64_t)key * 0x9e3779b97f4a7c15u >> 32) & mask;
}

static const char *version(void)
{
    return "own";
}

static bool open_(size_t entries)
{
    size_t count = 64;

    while (count < entries)
        count *= 2;
    mask = count - 1;
    used = 0;
    room = entries;
    newest = oldest = NULL;
    slots = calloc(count, sizeof *slots);
    nodes = calloc(entries, sizeof *nodes);
    return slots && nodes;
}

static void close_(void)
{
    free(slots);
    free(nodes);
    slots = NULL;
    nodes = NULL;
}

static void take_out(struct node *node)
{
    *(node->newer ? &node->newer->older : &newest) = node->older;
    *(node->older ? &node->older->newer : &oldest) = node->newer;
}

static void put_first(struct node *node)
{
    node->newer = NULL;
    node->older = newest;
    *(newest ? &newest->newer : &oldest) = node;
    newest = node;
}

static void put(int64_t key, int64_t value)
{
    struct node *node;

    pthread_mutex_lock(&mutex);
    if (used < room) {
        node = &nodes[used++];
    } else {
        struct node **at = &slots[slot_of(oldest->key)];

        node = oldest;
        take_out(node);
        while (*at != node)
            at = &(*at)->next_in_slot;
        *at = node->next_in_slot;
    }
    *node = (struct node){.next_in_slot = slots[slot_of(key)], .key = key, .value = value};
    slots[slot_of(key)] = node;
    put_first(node);
    pthread_mutex_unlock(&mutex);
}

static int64_t get(int64_t key)
{
    int64_t value = 0;

    pthread_mutex_lock(&mutex);
    for (struct node *node = slots[slot_of(key)]; node; node = node->next_in_slot)
        if (node->key == key) {
            value = node->value;
            if (node != newest) {
                take_out(node);
                put_first(node);
            }
            break;
        }
    pthread_mutex_unlock(&mutex);
    return value;
}

const struct peer peer_lru = {"mutex LRU", true, 1, version, open_, put, get, close_};
