#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define ZIPF_EXPONENT 0.99

static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* Between 0 and 1, 1 excluded. */
static double draw(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    return (double)(mix(*state) >> 11) * 0x1p-53;
}

int64_t key_int(size_t id)
{
    return (int64_t)(mix(id + 1) >> 1); /* never negative */
}

void key_string(size_t id, char key[KEY_STRIDE])
{
    memset(key, 0, KEY_STRIDE);
    snprintf(key, KEY_STRIDE, "session:%016" PRIx64 ":%07zu", mix(id + 1), id % 10000000);
}

/* Gray and others, 'Quickly generating billion-record synthetic databases', 1994. */
struct zipf {
    double entries, zeta, alpha, eta, two;
};

static struct zipf zipf_of(size_t entries)
{
    struct zipf zipf = {.entries = (double)entries, .alpha = 1 / (1 - ZIPF_EXPONENT)};
    double zeta2 = 1 + pow(0.5, ZIPF_EXPONENT);

    for (size_t rank = 1; rank <= entries; rank++)
        zipf.zeta += 1 / pow((double)rank, ZIPF_EXPONENT);
    zipf.two = zeta2;
    zipf.eta = (1 - pow(2 / zipf.entries, 1 - ZIPF_EXPONENT)) / (1 - zeta2 / zipf.zeta);
    return zipf;
}

static size_t zipf_rank(const struct zipf *zipf, double drawn)
{
    double scaled = drawn * zipf->zeta;
    size_t rank;

    if (scaled < 1)
        return 0;
    if (scaled < zipf->two)
        return 1;
    rank = (size_t)(zipf->entries * pow(zipf->eta * drawn - zipf->eta + 1, zipf->alpha));
    return rank < (size_t)zipf->entries ? rank : (size_t)zipf->entries - 1;
}

bool keys_open(struct keys *keys, size_t entries, size_t length, bool zipf, bool strings, uint64_t seed)
{
    struct zipf law = {0};
    int64_t *ints = NULL;
    char *chars = NULL;

    *keys = (struct keys){.entries = entries, .length = length};
    if (zipf)
        law = zipf_of(entries);
    if (strings)
        keys->strings = chars = malloc(length * KEY_STRIDE);
    else
        keys->ints = ints = malloc(length * sizeof *ints);
    if (!chars && !ints)
        return false;
    for (size_t at = 0; at < length; at++) {
        double drawn = draw(&seed);
        size_t rank = zipf ? zipf_rank(&law, drawn) : (size_t)(drawn * (double)entries);
        size_t id = (size_t)((uint64_t)rank * 15485863u % entries); /* a prime: neighbours in rank part */

        if (strings)
            key_string(id, chars + at * KEY_STRIDE);
        else
            ints[at] = key_int(id);
    }
    return true;
}

void keys_close(struct keys *keys)
{
    free((void *)(uintptr_t)keys->ints);
    free((void *)(uintptr_t)keys->strings);
    *keys = (struct keys){0};
}
