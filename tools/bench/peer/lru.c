/* peer_lru.c - what one writes by hand: a hash table and a list under one mutex, exact LRU. */
#include <pthread.h>
#include <stdlib.h>

#include "peer.h"

struct node {
    struct node *next_in_slot, *newer, *older;
    size_t slot;
    char pair[]; /* a struct pair_int or pair_row, as all of them */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct node **slots, *newest, *oldest;
static char *nodes;
static size_t mask, used, room, stride;

static const char *version(void)
{
    return "own";
}

static bool open_(size_t entries, bool strings)
{
    size_t count = 64;

    while (count < entries)
        count *= 2;
    mask = count - 1;
    used = 0;
    room = entries;
    stride = sizeof(struct node) + (strings ? sizeof(struct pair_row) : sizeof(struct pair_int));
    newest = oldest = NULL;
    slots = calloc(count, sizeof *slots);
    nodes = calloc(entries, stride);
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

/* Room for a pair in that slot, under the mutex: the oldest one's when there is no other. */
static void *take_room(uint64_t hash)
{
    struct node *node;

    if (used < room) {
        node = (struct node *)(void *)(nodes + stride * used++);
    } else {
        struct node **at = &slots[oldest->slot];

        node = oldest;
        take_out(node);
        while (*at != node)
            at = &(*at)->next_in_slot;
        *at = node->next_in_slot;
    }
    node->slot = hash & mask;
    node->next_in_slot = slots[node->slot];
    slots[node->slot] = node;
    put_first(node);
    return node->pair;
}

static void use(struct node *node)
{
    if (node == newest)
        return;
    take_out(node);
    put_first(node);
}

static void put_int(int64_t key, int64_t value)
{
    pthread_mutex_lock(&mutex);
    *(struct pair_int *)take_room(hash_int(key)) = (struct pair_int){key, value};
    pthread_mutex_unlock(&mutex);
}

static int64_t get_int(int64_t key)
{
    int64_t value = 0;

    pthread_mutex_lock(&mutex);
    for (struct node *node = slots[hash_int(key) & mask]; node; node = node->next_in_slot) {
        struct pair_int *pair = (void *)node->pair;

        if (pair->key == key) {
            value = pair->value;
            use(node);
            break;
        }
    }
    pthread_mutex_unlock(&mutex);
    return value;
}

static void put_row(const char *key, const struct row *value)
{
    struct pair_row *pair;

    pthread_mutex_lock(&mutex);
    pair = take_room(hash_row(key));
    memcpy(pair->key, key, KEY_BYTES);
    pair->value = *value;
    pthread_mutex_unlock(&mutex);
}

static struct row get_row(const char *key)
{
    struct row value = {{0}};

    pthread_mutex_lock(&mutex);
    for (struct node *node = slots[hash_row(key) & mask]; node; node = node->next_in_slot) {
        struct pair_row *pair = (void *)node->pair;

        if (same_row(pair->key, key)) {
            value = pair->value;
            use(node);
            break;
        }
    }
    pthread_mutex_unlock(&mutex);
    return value;
}

const struct peer peer_lru = {"mutex LRU", true,    1,       version, open_,
                              put_int,     get_int, put_row, get_row, close_};
