/* operation.h - one thing done to the cache and to the model: rolled, printed. */
#ifndef TEST_OPERATION_H
#define TEST_OPERATION_H

#include "model.h"

#include <stdint.h>
#include <stdio.h>

enum kind {
#define OPERATION(name, weight) DO_##name,
#include "operation.def"
#undef OPERATION
    KINDS
};

static const struct {
    const char *name;
    unsigned weight;
} kinds[] = {
#define OPERATION(name, weight) {#name, weight},
#include "operation.def"
#undef OPERATION
};

struct operation {
    int kind, verb, f, k, n;
    long value;
};

static uint32_t roll(uint64_t *state, uint32_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)((*state >> 33) % below);
}

static struct operation operation_roll(uint64_t *state)
{
    unsigned all = 0, at;
    struct operation o = {.kind = -1};
    for (int i = 0; i < KINDS; i++)
        all += kinds[i].weight;
    at = roll(state, all);
    /* A fork costs as much as a thousand of the others. */
    if (roll(state, 2000) == 0)
        o.kind = DO_FORK;
    for (int i = 0; o.kind < 0; at -= kinds[i++].weight)
        if (at < kinds[i].weight)
            o.kind = i;
    o.verb = roll(state, 2) == 0 ? INVALIDATE : EXPIRE;
    o.f = (int)roll(state, TOP + 1);
    if (o.kind == DO_CALL && roll(state, 8) == 0)
        o.f = SMALL;
    if (o.kind == DO_WRITE)
        o.f = (int)roll(state, PAIR + 1);
    o.k = (int)roll(state, KEYS);
    o.value = (long)roll(state, 1000000) + 1;
    o.n = o.kind == DO_ADVANCE  ? (int)(roll(state, 12) + 1) * 10
          : o.kind == DO_PUT    ? (roll(state, 3) == 0 ? 55 : 0)
          : o.kind == DO_RESIZE ? (int)roll(state, KEYS) + 1
          : o.kind == DO_REGION ? (int)roll(state, 6)
                                : (int)roll(state, 4);
    return o;
}

static void operation_print(const struct operation *o)
{
    printf("  %-10s %s function %d, key %d, n %d, value %ld\n", kinds[o->kind].name,
           o->verb == INVALIDATE ? "invalidate" : "expire", o->f, o->k, o->n, o->value);
}

#endif
