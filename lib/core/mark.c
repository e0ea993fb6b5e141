#include "mark.h"

#include "base/lock.h"
#include "base/sync.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { SHARDS = 256, AT_ONCE = 64, FIRST_BUCKETS = 16 };

struct mark {
    struct mark *next; /* of its bucket */
    uint64_t id;
    struct mark_link *first;
    uint32_t entries; /* links that are no walker's place */
    uint32_t kind;
    char text[];
};

/* A walk under way: its place in a mark's list, on the stack of who walks. */
struct walker {
    struct mark_link place; /* entry NULL */
    struct walker *next;
};

static struct index {
    struct lock lock; /* everything here and in the marks and links */
    struct mark **buckets;
    size_t nbuckets, marks; /* nbuckets: a power of two; 0: none yet */
    struct walker *walkers;
} shards[SHARDS];

static struct mark_name name_of(uint32_t kind, uint32_t function, uint64_t hash)
{
    uint64_t words[2] = {(uint64_t)kind << 32 | function, hash};
    return (struct mark_name){
        .id = XXH3_64bits(words, sizeof words), .hash = hash, .function = function, .kind = kind};
}

struct mark_name mark_tag(const char *text)
{
    struct mark_name n = name_of(MARK_TAG, 0, XXH3_64bits(text, strlen(text)));
    n.text = text;
    return n;
}

struct mark_name mark_key(uint32_t function, uint64_t hash)
{
    return name_of(MARK_KEY, function, hash);
}

struct mark_name mark_any(uint32_t function)
{
    return name_of(MARK_ANY, function, 0);
}

struct mark_name mark_whole(uint32_t function)
{
    return name_of(MARK_WHOLE, function, 0);
}

static struct index *index_of(uint64_t id)
{
    return &shards[id % SHARDS];
}

static struct mark **place_of(struct index *x, uint64_t id)
{
    struct mark **at = &x->buckets[id / SHARDS & (x->nbuckets - 1)];
    while (*at != NULL && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static struct mark *find(struct index *x, uint64_t id)
{
    return x->nbuckets == 0 ? NULL : *place_of(x, id);
}

static bool grow(struct index *x)
{
    size_t n = x->nbuckets == 0 ? FIRST_BUCKETS : x->nbuckets * 2;
    struct mark **old = x->buckets, **buckets = os_zalloc(n * sizeof(struct mark *));
    if (buckets == NULL)
        return x->nbuckets != 0; /* longer chains, then */
    size_t nold = x->nbuckets;
    x->buckets = buckets;
    x->nbuckets = n;
    for (size_t i = 0; i < nold; i++)
        for (struct mark *m = old[i], *next; m != NULL; m = next) {
            next = m->next;
            struct mark **head = &buckets[m->id / SHARDS & (n - 1)];
            m->next = *head;
            *head = m;
        }
    os_free(old);
    return true;
}

static struct mark *find_or_make(struct index *x, const struct mark_name *name)
{
    struct mark *m = find(x, name->id);
    if (m != NULL)
        return m;
    if (x->marks >= x->nbuckets && !grow(x))
        return NULL;
    size_t text = name->text != NULL ? strlen(name->text) + 1 : 0;
    m = os_alloc(sizeof *m + text);
    if (m == NULL)
        return NULL;
    *m = (struct mark){.id = name->id, .kind = name->kind};
    if (text != 0)
        memcpy(m->text, name->text, text);
    *place_of(x, name->id) = m;
    x->marks++;
    return m;
}

static void put_first(struct mark *m, struct mark_link *l)
{
    l->mark = m;
    l->prev = NULL;
    l->next = m->first;
    if (m->first != NULL)
        m->first->prev = l;
    m->first = l;
}

static void take_out(struct mark_link *l)
{
    if (l->prev != NULL)
        l->prev->next = l->next;
    else
        l->mark->first = l->next;
    if (l->next != NULL)
        l->next->prev = l->prev;
}

/* Nobody has it any more, and nobody walks it. */
static void forget_unused(struct index *x, struct mark *m)
{
    if (m->first != NULL)
        return;
    struct mark **at = place_of(x, m->id);
    *at = m->next;
    x->marks--;
    os_free(m);
}

size_t mark_room(const struct mark_name *names, uint32_t count)
{
    size_t n = 0;
    if (count == 0)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        n += names[i].text != NULL ? strlen(names[i].text) + 1 : 0;
    return sizeof(struct mark_set) + count * sizeof(struct mark_link) + n;
}

struct mark_set *mark_set_of(const struct entry *e)
{
    if (!(entry_flags(e) & ENTRY_MARKED))
        return NULL;
    return (struct mark_set *)(void *)((char *)(uintptr_t)e + entry_marks_offset(e));
}

void mark_fill(struct entry *e, const struct mark_name *names, uint32_t count)
{
    if (count == 0)
        return;
    entry_flag(e, ENTRY_MARKED);
    struct mark_set *set = mark_set_of(e);
    char *texts = (char *)&set->links[count];
    set->count = count;
    for (uint32_t i = 0; i < count; i++) {
        set->links[i] = (struct mark_link){.entry = e, .name = names[i]};
        if (names[i].text == NULL)
            continue;
        size_t len = strlen(names[i].text) + 1;
        set->links[i].name.text = memcpy(texts, names[i].text, len);
        texts += len;
    }
    set->bytes = (uint32_t)(texts - (char *)set);
}

bool mark_link(struct entry *e)
{
    struct mark_set *set = mark_set_of(e);
    for (uint32_t i = 0; set != NULL && i < set->count; i++) {
        struct mark_link *l = &set->links[i];
        struct index *x = index_of(l->name.id);
        lock_take(&x->lock);
        struct mark *m = find_or_make(x, &l->name);
        if (m != NULL) {
            put_first(m, l);
            m->entries++;
        }
        lock_give(&x->lock);
        SYNC_POINT("index.linked");
        if (m == NULL) {
            mark_unlink(e);
            return false;
        }
    }
    return true;
}

void mark_unlink(struct entry *e)
{
    struct mark_set *set = mark_set_of(e);
    for (uint32_t i = 0; set != NULL && i < set->count; i++) {
        struct mark_link *l = &set->links[i];
        if (l->mark == NULL)
            continue;
        struct index *x = index_of(l->name.id);
        lock_take(&x->lock);
        take_out(l);
        l->mark->entries--;
        forget_unused(x, l->mark);
        l->mark = NULL;
        lock_give(&x->lock);
    }
}

/* The index locked. */
static void end_walk(struct index *x, struct walker *walker)
{
    struct walker **at = &x->walkers;
    while (*at != walker)
        at = &(*at)->next;
    *at = walker->next;
    take_out(&walker->place);
    forget_unused(x, walker->place.mark);
}

void mark_walk(uint64_t id, void (*visit)(struct entry *e, uint64_t digest, void *cookie), void *cookie)
{
    struct index *x = index_of(id);
    struct walker walker = {.place = {.entry = NULL}};
    struct mark_link *place = &walker.place;
    struct {
        struct entry *entry;
        uint64_t digest;
    } some[AT_ONCE];
    lock_take(&x->lock);
    struct mark *m = find(x, id);
    if (m == NULL) {
        lock_give(&x->lock);
        return;
    }
    put_first(m, place);
    walker.next = x->walkers;
    x->walkers = &walker;
    for (bool more = true; more;) {
        uint32_t n = 0;
        struct mark_link *last = place, *l;
        for (l = place->next; l != NULL && n < AT_ONCE; last = l, l = l->next) {
            if (l->entry == NULL)
                continue;
            atomic_fetch_add_explicit(&l->entry->refs, 1, memory_order_relaxed);
            some[n].entry = l->entry;
            some[n++].digest = l->name.digest;
        }
        more = l != NULL;
        if (last != place) {
            take_out(place);
            place->prev = last;
            place->next = last->next;
            if (last->next != NULL)
                last->next->prev = place;
            last->next = place;
        }
        lock_give(&x->lock);
        SYNC_POINT("walk.between");
        for (uint32_t i = 0; i < n; i++)
            visit(some[i].entry, some[i].digest, cookie);
        lock_take(&x->lock);
    }
    end_walk(x, &walker);
    lock_give(&x->lock);
}

void mark_fork_child(void)
{
    /* Of threads that are not here. Their stacks are as they were; the next thread may get one. */
    for (uint32_t s = 0; s < SHARDS; s++)
        while (shards[s].walkers != NULL)
            end_walk(&shards[s], shards[s].walkers);
}

uint32_t mark_count(uint64_t id)
{
    struct index *x = index_of(id);
    lock_take(&x->lock);
    struct mark *m = find(x, id);
    uint32_t n = m != NULL ? m->entries : 0;
    lock_give(&x->lock);
    return n;
}

bool mark_some_tags(struct mark_place *p, void (*visit)(const char *text, uint32_t entries, void *cookie),
                    void *cookie)
{
    if (p->shard >= SHARDS)
        return false;
    struct index *x = &shards[p->shard];
    lock_take(&x->lock);
    if (p->bucket < x->nbuckets)
        for (struct mark *m = x->buckets[p->bucket]; m != NULL; m = m->next)
            if (m->kind == MARK_TAG && m->entries != 0)
                visit(m->text, m->entries, cookie);
    if (++p->bucket >= x->nbuckets) {
        p->bucket = 0;
        p->shard++;
    }
    lock_give(&x->lock);
    return p->shard < SHARDS;
}

void index_locks(lock_visit *visit)
{
    for (uint32_t s = 0; s < SHARDS; s++)
        visit(&shards[s].lock);
}
