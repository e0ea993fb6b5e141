#include "alloc.h"
#include "address_range.h"
#include "chunk.h"
#include "leak.h"
#include "lock.h"
#include "stripe.h"

#include <stdalign.h>
#include <string.h>

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

bool alloc_wants(void)
{
    return false;
}

bool alloc_collapse(void)
{
    return false;
}

void alloc_tidy(void)
{
}

LOCK(alloc);

void hand_locks(lock_visit *visit)
{
    (void)visit;
}

#else

enum {
    PAGE = 4096, /* of the accounting */
    FINE = 1024, /* up to here a size in every 16 bytes, above it four to a doubling */
    FINE_CLASSES = FINE / 16,
    CLASSES = FINE_CLASSES + 16,
    CLASS_LARGEST = 16 << 10,
    SPAN = CLASSES, /* a run that is one object */
    SPAN_LARGEST = 1 << 20,
    HAND = 16,
};

LOCK(alloc); /* everything below, and chunk.h */
static struct run *roomy_runs[CLASSES];

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

/* What of a run was never handed out is not there yet; from now on it counts. */
static void count_whole(struct run *r)
{
    if (!r->counted)
        chunk_count(r, (r->carved * size_of(r->class) + PAGE - 1) / PAGE * PAGE);
}

/* No lock held: unmapping takes long. The place comes back only then. */
static void unmap(struct chunk *c, size_t bytes)
{
    leak_root_ends(c, bytes);
    os_unmap(c, bytes);
    lock_take(&alloc_lock);
    address_range_free(c, bytes);
    lock_give(&alloc_lock);
}

static void *get_large(size_t size)
{
    size_t bytes = (size + 64 + PAGE - 1) & ~(size_t)(PAGE - 1);
    if (bytes < size)
        return NULL;
    lock_take(&alloc_lock);
    struct chunk *c = address_range_map(bytes);
    if (c == NULL) {
        lock_give(&alloc_lock);
        return NULL;
    }
    c->size = bytes;
    chunk_use.objects += bytes;
    chunk_use.resident += bytes;
    chunk_use.mapped += bytes;
    if (bytes >= CHUNK)
        chunk_want(c);
    lock_give(&alloc_lock);
    return (char *)c + 64;
}

static void put_large(struct chunk *c)
{
    size_t bytes = c->size;
    lock_take(&alloc_lock);
    chunk_want_no_more(c);
    bool later = c->ended = c->collapsing;
    chunk_use.objects -= bytes;
    chunk_use.resident -= bytes;
    chunk_use.mapped -= bytes;
    lock_give(&alloc_lock);
    if (!later)
        unmap(c, bytes);
}

static void *get_object(size_t size, bool *used)
{
    unsigned class = size <= CLASS_LARGEST ? class_of(size) : SPAN;
    struct run *r = class == SPAN ? NULL : roomy_runs[class];
    if (r == NULL) {
        unsigned units = class == SPAN ? (unsigned)((size + UNIT - 1) / UNIT) : size <= FINE ? 1 : 4;
        if ((r = chunk_take(units, class == SPAN, class == SPAN ? used : NULL)) == NULL)
            return NULL;
        r->class = (uint8_t) class;
        if (class != SPAN)
            link_run(r);
    }
    r->used++;
    if (class == SPAN) {
        chunk_use.objects += (size_t)r->units * UNIT;
        return base_of(r);
    }
    size_t each = size_of(class), room = (size_t)r->units * UNIT / each;
    void *p = r->free;
    chunk_use.objects += each;
    if (p != NULL) {
        memcpy(&r->free, p, sizeof r->free);
    } else {
        p = base_of(r) + r->carved * each;
        size_t before = (r->carved * each + PAGE - 1) / PAGE, after = (++r->carved * each + PAGE - 1) / PAGE;
        if (!r->counted)
            chunk_use.resident += (after - before) * PAGE;
        if (r->carved == room)
            count_whole(r);
    }
    if (r->used == room)
        unlink_run(r);
    return p;
}

/* alloc_lock held. A chunk that is empty now, to be unmapped, or NULL. */
static struct chunk *put_object(void *p)
{
    struct chunk *c = chunk_of(p);
    struct run *r = &c->runs[c->runs[unit_of(p)].start];
    if (r->class == SPAN) {
        chunk_use.objects -= (size_t)r->units * UNIT;
        count_whole(r);
        return chunk_give(r);
    }
    size_t each = size_of(r->class), room = (size_t)r->units * UNIT / each;
    chunk_use.objects -= each;
    if (r->used-- == room)
        link_run(r);
    memcpy(p, &r->free, sizeof r->free);
    r->free = p;
    if (r->used != 0)
        return NULL;
    unlink_run(r);
    count_whole(r);
    return chunk_give(r);
}

/* Small objects at hand, one stack of each size in each stripe: most are got and put without meeting anybody.
 */
static struct hand {
    alignas(64) struct lock lock; /* around alloc_lock */
    struct stack {
        uint32_t count;
        void *object[HAND];
    } stacks[FINE_CLASSES];
} hands[STRIPES];

static void *get_from_hand(unsigned class)
{
    struct hand *h = &hands[stripe()];
    lock_take(&h->lock);
    struct stack *s = &h->stacks[class];
    if (s->count == 0) {
        lock_take(&alloc_lock);
        while (s->count < HAND / 2 && (s->object[s->count] = get_object(size_of(class), NULL)) != NULL)
            s->count++;
        lock_give(&alloc_lock);
    }
    void *p = s->count > 0 ? s->object[--s->count] : NULL;
    lock_give(&h->lock);
    return p;
}

/* The hand's lock held. Chunks that are empty then, at most HAND; how many. */
static unsigned give_some(struct stack *s, uint32_t keep, struct chunk **empty)
{
    unsigned n = 0;
    lock_take(&alloc_lock);
    while (s->count > keep)
        if ((empty[n] = put_object(s->object[--s->count])) != NULL)
            n++;
    lock_give(&alloc_lock);
    return n;
}

static void put_in_hand(void *p, unsigned class)
{
    struct hand *h = &hands[stripe()];
    struct chunk *empty[HAND];
    unsigned n = 0;
    lock_take(&h->lock);
    struct stack *s = &h->stacks[class];
    if (s->count == HAND)
        n = give_some(s, HAND / 2, empty);
    s->object[s->count++] = p;
    lock_give(&h->lock);
    while (n > 0)
        unmap(empty[--n], CHUNK);
}

void alloc_tidy(void)
{
    struct chunk *empty[HAND];
    for (unsigned i = 0; i < STRIPES; i++)
        for (unsigned class = 0; class < FINE_CLASSES; class ++) {
            lock_take(&hands[i].lock);
            unsigned n = give_some(&hands[i].stacks[class], 0, empty);
            lock_give(&hands[i].lock);
            while (n > 0)
                unmap(empty[--n], CHUNK);
        }
}

void *alloc_get(size_t size, bool zeroed)
{
    bool used[SPAN_LARGEST / UNIT];
    unsigned char *p;
    if (size > SPAN_LARGEST)
        return get_large(size); /* new mappings are zero */
    if (size <= FINE) {
        p = get_from_hand(class_of(size));
    } else {
        lock_take(&alloc_lock);
        p = get_object(size, used);
        lock_give(&alloc_lock);
    }
    /* Of large ones what is zero already stays untouched: the system gives memory page by page, and slowly.
     */
    if (p != NULL && zeroed && size <= CLASS_LARGEST)
        memset(p, 0, size);
    for (size_t at = 0; p != NULL && zeroed && size > CLASS_LARGEST && at < size; at += UNIT)
        if (used[at / UNIT])
            memset(p + at, 0, size - at < UNIT ? size - at : UNIT);
    return p;
}

void alloc_put(void *p)
{
    if (p == NULL)
        return;
    struct chunk *c = chunk_of(p);
    if (c->size != 0) {
        put_large(c);
        return;
    }
    /* Where an object lies, its run stays as it is. */
    unsigned class = c->runs[c->runs[unit_of(p)].start].class;
    if (class < FINE_CLASSES) {
        put_in_hand(p, class);
        return;
    }
    lock_take(&alloc_lock);
    struct chunk *empty = put_object(p);
    lock_give(&alloc_lock);
    if (empty != NULL)
        unmap(empty, CHUNK);
}

bool alloc_wants(void)
{
    return chunk_any_wanted();
}

bool alloc_collapse(void)
{
    lock_take(&alloc_lock);
    struct chunk *c = chunk_wanted(), *empty = NULL;
    if (c == NULL) {
        lock_give(&alloc_lock);
        return false;
    }
    size_t bytes = c->size, whole = (bytes ? bytes : CHUNK) / CHUNK * CHUNK;
    lock_give(&alloc_lock);
    bool huge = os_map_huge(c, whole);
    lock_take(&alloc_lock);
    c->collapsing = false;
    c->huge = true; /* or cannot be: it is not tried again */
    if (bytes == 0) {
        /* What was not there yet is now. */
        for (unsigned u = 1; huge && u < UNITS; u += c->taken[u] ? c->runs[u].units : 1)
            if (c->taken[u])
                count_whole(&c->runs[u]);
        empty = chunk_end(c);
    } else if (c->ended) {
        empty = c;
    }
    lock_give(&alloc_lock);
    if (empty != NULL)
        unmap(empty, bytes ? bytes : CHUNK);
    return alloc_wants();
}

void alloc_usage(struct alloc_usage *usage)
{
    lock_take(&alloc_lock);
    *usage = chunk_use;
    lock_give(&alloc_lock);
    for (unsigned i = 0; i < STRIPES; i++) {
        lock_take(&hands[i].lock);
        for (unsigned class = 0; class < FINE_CLASSES; class ++)
            usage->objects -= hands[i].stacks[class].count * size_of(class);
        lock_give(&hands[i].lock);
    }
}

void hand_locks(lock_visit *visit)
{
    for (unsigned i = 0; i < STRIPES; i++)
        visit(&hands[i].lock);
}

#endif
