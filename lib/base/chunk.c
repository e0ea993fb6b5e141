#include "chunk.h"
#include "address_range.h"

enum {
    GIVE_BACK = UNITS / 4, /* free units with memory behind them */
    SEARCHED = 16,         /* chunks looked at for several units in a row */
    HUGE_FROM = 8,         /* chunks: small programs stay small */
};

_Static_assert(sizeof(struct chunk) <= UNIT, "the head must fit the first unit");

struct alloc_usage chunk_use;
static struct chunk *roomy_chunks, *wanting_chunks;
static _Atomic uint32_t wanting;
static struct chunk *spare; /* one empty chunk stays */
static uint64_t chunks;

static void link_chunk(struct chunk **list, struct chunk *c)
{
    c->prev = NULL;
    c->next = *list;
    if (c->next != NULL)
        c->next->prev = c;
    *list = c;
}

static void unlink_chunk(struct chunk **list, struct chunk *c)
{
    *(c->prev != NULL ? &c->prev->next : list) = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
}

/* All of it is in use. */
void chunk_want(struct chunk *c)
{
    if (c->huge || c->collapsing || chunks < HUGE_FROM)
        return;
    c->wanting = true;
    link_chunk(&wanting_chunks, c);
    atomic_fetch_add_explicit(&wanting, 1, memory_order_relaxed);
}

void chunk_want_no_more(struct chunk *c)
{
    if (!c->wanting)
        return;
    c->wanting = false;
    unlink_chunk(&wanting_chunks, c);
    atomic_fetch_sub_explicit(&wanting, 1, memory_order_relaxed);
}

struct chunk *chunk_wanted(void)
{
    struct chunk *c = wanting_chunks;
    if (c != NULL) {
        chunk_want_no_more(c);
        c->collapsing = true;
    }
    return c;
}

bool chunk_any_wanted(void)
{
    return unlikely(atomic_load_explicit(&wanting, memory_order_relaxed) != 0);
}

static struct chunk *new_chunk(void)
{
    struct chunk *c = address_range_map(CHUNK);
    if (c == NULL)
        return NULL;
    c->taken[0] = true;
    c->free_units = UNITS - 1;
    chunk_use.resident += sizeof *c;
    chunk_use.mapped += CHUNK;
    chunks++;
    link_chunk(&roomy_chunks, c);
    return c;
}

/* The first of `units` free ones in a row, or 0. */
static unsigned find_units(const struct chunk *c, unsigned units)
{
    unsigned row = 0;
    for (unsigned u = 1; c->free_units >= units && u < UNITS; u++) {
        row = c->taken[u] ? 0 : row + 1;
        if (row == units)
            return u + 1 - units;
    }
    return 0;
}

void chunk_count(struct run *r, size_t counted)
{
    chunk_use.resident += (size_t)r->units * UNIT - counted;
    r->counted = true;
    for (unsigned u = r->start; u < (unsigned)r->start + r->units; u++)
        chunk_of(r)->resident[u] = true;
}

struct run *chunk_take(unsigned units, bool whole, bool *used)
{
    struct chunk *c = roomy_chunks;
    unsigned start = 0;
    for (int i = 0; c != NULL && i < SEARCHED && (start = find_units(c, units)) == 0; i++)
        c = c->next;
    if (start == 0 && ((c = new_chunk()) == NULL || (start = find_units(c, units)) == 0))
        return NULL;
    if (c == spare)
        spare = NULL;
    struct run *r = &c->runs[start];
    unsigned resident = 0;
    for (unsigned u = start; u < start + units; u++) {
        c->taken[u] = true;
        c->runs[u].start = (uint8_t)start;
        resident += c->resident[u];
        if (used != NULL)
            used[u - start] = c->resident[u];
    }
    c->free_units -= units;
    c->idle -= resident;
    if (c->free_units == 0) {
        unlink_chunk(&roomy_chunks, c);
        chunk_want(c);
    }
    *r = (struct run){.units = (uint8_t)units, .start = (uint8_t)start};
    if (resident > 0 || whole)
        chunk_count(r, (size_t)resident * UNIT);
    return r;
}

static void give_back(struct chunk *c)
{
    for (unsigned u = 1, end; u < UNITS; u = end + 1) {
        for (end = u; end < UNITS && !c->taken[end] && c->resident[end]; end++)
            c->resident[end] = false;
        if (end == u)
            continue;
        os_map_drop((char *)c + (size_t)u * UNIT, (size_t)(end - u) * UNIT);
        chunk_use.resident -= (size_t)(end - u) * UNIT;
        c->idle -= end - u;
    }
}

struct chunk *chunk_end(struct chunk *c)
{
    if (c->free_units < UNITS - 1 || c->collapsing || spare == c)
        return NULL;
    if (spare == NULL) {
        spare = c;
        return NULL;
    }
    unlink_chunk(&roomy_chunks, c);
    chunks--;
    for (unsigned u = 1; u < UNITS; u++)
        chunk_use.resident -= c->resident[u] ? UNIT : 0;
    chunk_use.resident -= c->resident[0] ? UNIT : sizeof *c;
    chunk_use.mapped -= CHUNK;
    return c;
}

struct chunk *chunk_give(struct run *r)
{
    struct chunk *c = chunk_of(r);
    for (unsigned u = r->start; u < (unsigned)r->start + r->units; u++)
        c->taken[u] = false;
    if (c->free_units == 0) {
        chunk_want_no_more(c);
        link_chunk(&roomy_chunks, c);
    }
    c->free_units += r->units;
    c->idle += r->units;
    if (c->idle >= GIVE_BACK)
        give_back(c);
    return chunk_end(c);
}
