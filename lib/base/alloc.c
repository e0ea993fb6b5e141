#include "alloc.h"

#include "lock.h"

#include <string.h>

/* The address sanitizer knows the host's allocator, not ours: under it every object is one of the host's. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ALLOC_OF_HOST 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(ALLOC_OF_HOST)
#define ALLOC_OF_HOST 1
#endif

#ifdef ALLOC_OF_HOST
#include <stdlib.h>

void *alloc_get(size_t size, bool zeroed)
{
    void *p = NULL;
    if (posix_memalign(&p, 64, size ? size : 1) != 0)
        return NULL;
    return zeroed ? memset(p, 0, size) : p;
}

void alloc_put(void *p)
{
    free(p);
}

void alloc_usage(struct alloc_usage *usage)
{
    *usage = (struct alloc_usage){0};
}

void alloc_fork_prepare(void)
{
}

void alloc_fork_release(void)
{
}

#else

enum {
    CHUNK = 2 << 20,
    UNIT = 16 << 10,
    UNITS = CHUNK / UNIT,
    PAGE = 4096, /* of the accounting */
    FINE = 1024, /* up to here a size in every 16 bytes, above it four to a doubling */
    FINE_CLASSES = FINE / 16,
    CLASSES = FINE_CLASSES + 16,
    CLASS_LARGEST = 16 << 10,
    SPAN = CLASSES, /* a run that is one object */
    SPAN_LARGEST = 1 << 20,
    GIVE_BACK = UNITS / 4, /* free units with memory behind them */
    SEARCHED = 16,         /* chunks looked at for several units in a row */
    HUGE_FROM = 8,         /* chunks: small programs stay small */
};

struct run {
    struct run *next, *prev; /* of those of a class with room */
    void *free;              /* a list through the objects */
    uint32_t used, carved;   /* objects; those at or above `carved` were never handed out */
    uint8_t class, units, start;
    bool counted; /* all of it stands in `resident` */
};

struct chunk {
    struct chunk *next, *prev; /* of those with a free unit */
    size_t size;               /* a mapping of one large object: its bytes; else 0 */
    uint32_t free_units, idle; /* idle: free, with memory behind them */
    bool taken[UNITS], resident[UNITS];
    struct run runs[UNITS];
};
_Static_assert(sizeof(struct chunk) <= UNIT, "the head must fit the first unit");

static struct lock alloc_lock; /* everything below */
static struct run *roomy_runs[CLASSES];
static struct chunk *roomy_chunks;
static struct chunk *spare; /* one empty chunk stays */
static uint64_t chunks;
static struct alloc_usage use;

static unsigned class_of(size_t size)
{
    if (size <= FINE)
        return size == 0 ? 0 : (unsigned)(size - 1) / 16;
    unsigned log = 63 - (unsigned)__builtin_clzll(size - 1);
    return FINE_CLASSES + (log - 10) * 4 + (unsigned)((size - 1) >> (log - 2)) - 4;
}

static size_t size_of(unsigned class)
{
    if (class < FINE_CLASSES)
        return (class + 1) * 16;
    class -= FINE_CLASSES;
    return (size_t)(class % 4 + 5) << (class / 4 + 8);
}

static struct chunk *chunk_of(const void *p)
{
    return (struct chunk *)((uintptr_t)p & ~(uintptr_t)(CHUNK - 1));
}

static unsigned unit_of(const void *p)
{
    return (unsigned)(((uintptr_t)p & (CHUNK - 1)) / UNIT);
}

static unsigned char *base_of(const struct run *r)
{
    return (unsigned char *)chunk_of(r) + (size_t)r->start * UNIT;
}

static void link_chunk(struct chunk *c)
{
    c->prev = NULL;
    c->next = roomy_chunks;
    if (c->next != NULL)
        c->next->prev = c;
    roomy_chunks = c;
}

static void unlink_chunk(struct chunk *c)
{
    *(c->prev != NULL ? &c->prev->next : &roomy_chunks) = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
}

static void link_run(struct run *r)
{
    r->prev = NULL;
    r->next = roomy_runs[r->class];
    if (r->next != NULL)
        r->next->prev = r;
    roomy_runs[r->class] = r;
}

static void unlink_run(struct run *r)
{
    *(r->prev != NULL ? &r->prev->next : &roomy_runs[r->class]) = r->next;
    if (r->next != NULL)
        r->next->prev = r->prev;
}

static struct chunk *new_chunk(void)
{
    struct chunk *c = os_map(CHUNK, CHUNK);
    if (c == NULL)
        return NULL;
    bool huge = chunks >= HUGE_FROM && os_map_huge(c, CHUNK);
    for (unsigned u = 0; huge && u < UNITS; u++)
        c->resident[u] = true;
    c->taken[0] = true;
    c->free_units = UNITS - 1;
    c->idle = huge ? UNITS - 1 : 0;
    use.resident += huge ? CHUNK : sizeof *c;
    use.mapped += CHUNK;
    chunks++;
    link_chunk(c);
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

static struct run *new_run(unsigned class, unsigned units)
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
    }
    c->free_units -= units;
    c->idle -= resident;
    if (c->free_units == 0)
        unlink_chunk(c);
    *r = (struct run){.class = (uint8_t) class, .units = (uint8_t)units, .start = (uint8_t)start};
    if (resident > 0 || class == SPAN) {
        r->counted = true;
        use.resident += (size_t)(units - resident) * UNIT;
        for (unsigned u = start; u < start + units; u++)
            c->resident[u] = true;
    }
    return r;
}

static void count_whole(struct run *r)
{
    if (r->counted)
        return;
    size_t carved = (r->carved * size_of(r->class) + PAGE - 1) / PAGE * PAGE;
    use.resident += (size_t)r->units * UNIT - carved;
    r->counted = true;
    for (unsigned u = 0; u < r->units; u++)
        chunk_of(r)->resident[r->start + u] = true;
}

static void give_back(struct chunk *c)
{
    for (unsigned u = 1, end; u < UNITS; u = end + 1) {
        for (end = u; end < UNITS && !c->taken[end] && c->resident[end]; end++)
            c->resident[end] = false;
        if (end == u)
            continue;
        os_map_drop((char *)c + (size_t)u * UNIT, (size_t)(end - u) * UNIT);
        use.resident -= (size_t)(end - u) * UNIT;
        c->idle -= end - u;
    }
}

/* Gives a chunk to be unmapped once the lock is free, or NULL. */
static struct chunk *end_run(struct run *r)
{
    struct chunk *c = chunk_of(r);
    count_whole(r);
    for (unsigned u = r->start; u < (unsigned)r->start + r->units; u++)
        c->taken[u] = false;
    if (c->free_units == 0)
        link_chunk(c);
    c->free_units += r->units;
    c->idle += r->units;
    if (c->idle >= GIVE_BACK)
        give_back(c);
    if (c->free_units < UNITS - 1)
        return NULL;
    if (spare == NULL) {
        spare = c;
        return NULL;
    }
    unlink_chunk(c);
    chunks--;
    for (unsigned u = 1; u < UNITS; u++)
        use.resident -= c->resident[u] ? UNIT : 0;
    use.resident -= c->resident[0] ? UNIT : sizeof *c;
    use.mapped -= CHUNK;
    return c;
}

static void *get_large(size_t size)
{
    size_t bytes = (size + 64 + PAGE - 1) & ~(size_t)(PAGE - 1);
    if (bytes < size)
        return NULL;
    struct chunk *c = os_map(bytes, CHUNK);
    if (c == NULL)
        return NULL;
    os_map_huge(c, bytes);
    c->size = bytes;
    lock_take(&alloc_lock);
    use.objects += bytes;
    use.resident += bytes;
    use.mapped += bytes;
    lock_give(&alloc_lock);
    return (char *)c + 64;
}

static void *get_object(size_t size)
{
    unsigned class = size <= CLASS_LARGEST ? class_of(size) : SPAN;
    struct run *r = class == SPAN ? NULL : roomy_runs[class];
    if (r == NULL) {
        unsigned units = class == SPAN ? (unsigned)((size + UNIT - 1) / UNIT) : size <= FINE ? 1 : 4;
        if ((r = new_run(class, units)) == NULL)
            return NULL;
        if (class != SPAN)
            link_run(r);
    }
    r->used++;
    if (class == SPAN) {
        use.objects += (size_t)r->units * UNIT;
        return base_of(r);
    }
    size_t each = size_of(class), room = (size_t)r->units * UNIT / each;
    void *p = r->free;
    use.objects += each;
    if (p != NULL) {
        memcpy(&r->free, p, sizeof r->free);
    } else {
        p = base_of(r) + r->carved * each;
        size_t before = (r->carved * each + PAGE - 1) / PAGE, after = (++r->carved * each + PAGE - 1) / PAGE;
        if (!r->counted)
            use.resident += (after - before) * PAGE;
        if (r->carved == room)
            count_whole(r);
    }
    if (r->used == room)
        unlink_run(r);
    return p;
}

void *alloc_get(size_t size, bool zeroed)
{
    if (size > SPAN_LARGEST)
        return get_large(size); /* new mappings are zero */
    lock_take(&alloc_lock);
    void *p = get_object(size);
    lock_give(&alloc_lock);
    if (p != NULL && zeroed)
        memset(p, 0, size);
    return p;
}

void alloc_put(void *p)
{
    if (p == NULL)
        return;
    struct chunk *c = chunk_of(p), *empty = NULL;
    if (c->size != 0) {
        size_t bytes = c->size;
        lock_take(&alloc_lock);
        use.objects -= bytes;
        use.resident -= bytes;
        use.mapped -= bytes;
        lock_give(&alloc_lock);
        os_unmap(c, bytes);
        return;
    }
    lock_take(&alloc_lock);
    struct run *r = &c->runs[c->runs[unit_of(p)].start];
    if (r->class == SPAN) {
        use.objects -= (size_t)r->units * UNIT;
        empty = end_run(r);
    } else {
        size_t each = size_of(r->class), room = (size_t)r->units * UNIT / each;
        use.objects -= each;
        if (r->used-- == room)
            link_run(r);
        memcpy(p, &r->free, sizeof r->free);
        r->free = p;
        if (r->used == 0) {
            unlink_run(r);
            empty = end_run(r);
        }
    }
    lock_give(&alloc_lock);
    if (empty != NULL)
        os_unmap(empty, CHUNK);
}

void alloc_usage(struct alloc_usage *usage)
{
    lock_take(&alloc_lock);
    *usage = use;
    lock_give(&alloc_lock);
}

void alloc_fork_prepare(void)
{
    lock_take(&alloc_lock);
}

void alloc_fork_release(void)
{
    lock_give(&alloc_lock);
}

#endif
