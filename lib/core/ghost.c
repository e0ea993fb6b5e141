#include "ghost.h"

#include "base/os.h"

#include <string.h>

static uint32_t fingerprint(uint64_t hash)
{
    return (uint32_t)(hash >> 32) | 2; /* bit 0 is the kind; never 0 */
}

static uint32_t *set_of(const struct ghost *g, uint64_t hash)
{
    return g->words + (((hash >> 32) * g->sets) >> 32) * g->ways;
}

static void forget(struct ghost *g, uint32_t *set, uint32_t at)
{
    g->count[set[at] & 1]--;
    memmove(set + at, set + at + 1, (g->ways - at - 1) * sizeof *set);
    set[g->ways - 1] = 0;
}

/* Room for `entries`; what was remembered is forgotten: the cache has doubled meanwhile. */
static void size_for(struct ghost *g, uint64_t entries)
{
    uint64_t slots = g->sets * g->ways;
    if (entries == 0 || (slots >= entries / 2 && slots <= entries * 4 + GHOST_WAYS))
        return;
    uint32_t ways = entries < GHOST_WAYS ? (uint32_t)entries : GHOST_WAYS;
    uint64_t sets = (entries + ways - 1) / ways;
    uint32_t *words = os_zalloc(sets * ways * sizeof *words);
    if (words == NULL)
        return;
    os_free(g->words);
    *g = (struct ghost){.words = words, .sets = sets, .ways = ways};
}

void ghost_put(struct ghost *g, uint64_t hash, enum ghost_kind kind, uint64_t entries)
{
    size_for(g, entries);
    if (g->words == NULL)
        return;
    uint32_t *set = set_of(g, hash);
    if (set[g->ways - 1] != 0) {
        uint32_t longer = g->count[GHOST_SMALL] > g->count[GHOST_MAIN] ? GHOST_SMALL : GHOST_MAIN;
        uint32_t at = g->ways - 1;
        while (at > 0 && (set[at] & 1) != longer)
            at--;
        if ((set[at] & 1) != longer)
            at = g->ways - 1;
        forget(g, set, at);
    }
    memmove(set + 1, set, (g->ways - 1) * sizeof *set);
    set[0] = (fingerprint(hash) & ~UINT32_C(1)) | kind;
    g->count[kind]++;
}

enum ghost_kind ghost_take(struct ghost *g, uint64_t hash)
{
    if (g->words == NULL)
        return GHOST_NONE;
    uint32_t *set = set_of(g, hash), sought = fingerprint(hash) & ~UINT32_C(1);
    for (uint32_t at = 0; at < g->ways && set[at] != 0; at++)
        if ((set[at] & ~UINT32_C(1)) == sought) {
            enum ghost_kind kind = set[at] & 1;
            forget(g, set, at);
            return kind;
        }
    return GHOST_NONE;
}

void ghost_end(struct ghost *g)
{
    os_free(g->words);
    *g = (struct ghost){.words = NULL};
}

uint64_t ghost_bytes(const struct ghost *g)
{
    return g->sets * g->ways * sizeof *g->words;
}
