/*
 * floor.c - the least a lookup can cost: hash, probe, compare, copy. Open addressing, at most half full,
 * no lock, no clock, no policy. Everything that a cache adds is measured against it.
 */
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "bench.h"

#define NO_KEY INT64_MIN /* marks an empty slot; key_int() never gives it */

static struct floor_slot_int *ints;
static struct floor_slot_row *rows;
static size_t mask;

bool floor_open(size_t entries)
{
    size_t slots = 64;

    while (slots < entries * 2)
        slots *= 2;
    mask = slots - 1;
    ints = malloc(slots * sizeof *ints);
    rows = calloc(slots, sizeof *rows);
    if (!ints || !rows) {
        floor_close();
        return false;
    }
    for (size_t slot = 0; slot < slots; slot++)
        ints[slot] = (struct floor_slot_int){.key = NO_KEY};
    return true;
}

void floor_close(void)
{
    free(ints);
    free(rows);
    ints = NULL;
    rows = NULL;
}

static inline size_t first_of_int(int64_t key)
{
    return (size_t)XXH3_64bits(&key, sizeof key) & mask;
}

static inline size_t first_of_row(const char *key)
{
    return (size_t)XXH3_64bits(key, KEY_BYTES) & mask;
}

void floor_put_int(int64_t key, int64_t value)
{
    size_t slot = first_of_int(key);

    while (ints[slot].key != NO_KEY && ints[slot].key != key)
        slot = (slot + 1) & mask;
    ints[slot].key = key;
    ints[slot].value = value;
}

void floor_put_row(const char *key, const struct row *value)
{
    size_t slot = first_of_row(key);

    while (rows[slot].key[0] && memcmp(rows[slot].key, key, KEY_BYTES) != 0)
        slot = (slot + 1) & mask;
    memcpy(rows[slot].key, key, KEY_BYTES);
    rows[slot].value = *value;
}

__attribute__((noinline)) int64_t floor_int(int64_t key)
{
    for (size_t slot = first_of_int(key);; slot = (slot + 1) & mask) {
        if (ints[slot].key == key)
            return ints[slot].value;
        if (ints[slot].key == NO_KEY)
            return 0;
    }
}

__attribute__((noinline)) struct row floor_row(const char *key)
{
    for (size_t slot = first_of_row(key);; slot = (slot + 1) & mask) {
        if (memcmp(rows[slot].key, key, KEY_BYTES) == 0)
            return rows[slot].value;
        if (!rows[slot].key[0])
            return (struct row){{0}};
    }
}
