#include "table.h"
#include "base/sync.h"

#include <string.h>

enum {
    COPIED_SIZE = 12,  /* arrays below 64 buckets are copied at once */
    MOVED_BUCKETS = 4, /* with an insertion */
    TIDIED_BUCKETS = 32,
    MOST_SIZE = 60,
};

struct array {
    struct epoch_garbage garbage;
    void *block;
};

static unsigned size_of(uintptr_t word)
{
    return word & 63;
}

static unsigned larger(unsigned size)
{
    return size == 0 ? 2 : size + 1;
}

/* The bucket `step` behind another, round the end of the array. */
static struct table_bucket *bucket_at(uintptr_t word, size_t home, size_t step)
{
    size_t at = home + step, count = table_count(word);
    return &table_buckets(word)[at < count ? at : at - count];
}

/* What a writer may read: the shard is locked. */
static struct entry *entry_in(const struct table_bucket *b, int slot)
{
    return alloc_at(atomic_load_explicit(&b->slot[slot], memory_order_relaxed));
}

static unsigned overflow_of(struct table_bucket *b)
{
    uint64_t tags = atomic_load_explicit(&b->tags[TABLE_OVERFLOW / 8], memory_order_acquire);
    return tags >> TABLE_OVERFLOW % 8 * 8 & 255;
}

static bool same_key(const struct entry *e, uint64_t identity, const void *what)
{
    const struct key *key = what;
    return entry_is_of(e, identity) && entry_key_len(e) == key->len &&
           memcmp(e->data, key->bytes, key->len) == 0;
}

struct entry *table_find(struct table *t, uint64_t identity, const struct key *key)
{
    return table_find_by(t, identity, key->hash, same_key, key);
}

static struct entry *look_in(uintptr_t word, uint64_t identity, uint64_t hash, table_same *same,
                             const void *what)
{
    if (word == 0)
        return NULL;
    size_t home = table_home(hash, word), count = table_count(word);
    struct table_bucket *b = bucket_at(word, home, 0);
    struct entry *e = table_look(b, hash, identity, same, what);
    if (e != NULL || likely(overflow_of(b) == 0))
        return e;
    for (size_t step = 1; e == NULL && step < TABLE_WINDOW && step < count; step++)
        e = table_look(bucket_at(word, home, step), hash, identity, same, what);
    return e;
}

struct entry *table_find_by(struct table *t, uint64_t identity, uint64_t hash, table_same *same,
                            const void *what)
{
    uint32_t shard = table_shard_of(hash);
    uintptr_t word = atomic_load_explicit(&t->arrays[shard], memory_order_acquire);
    struct entry *e = look_in(word, identity, hash, same, what);
    if (e != NULL || word == 0 ||
        likely((word = atomic_load_explicit(&t->leaving[shard], memory_order_acquire)) == 0))
        return e;
    if ((e = look_in(word, identity, hash, same, what)) != NULL)
        return e;
    /* Moved between the two looks? */
    return look_in(atomic_load_explicit(&t->arrays[shard], memory_order_acquire), identity, hash, same, what);
}

void table_lock(struct table *t, uint32_t shard)
{
    lock_take(&t->shards[shard].lock);
}

void table_unlock(struct table *t, uint32_t shard)
{
    lock_give(&t->shards[shard].lock);
}

/* Only a writer, and it holds the shard's lock: other bytes of the word stay as they are. */
static void set_byte(struct table_bucket *b, int at, uint64_t byte)
{
    int shift = at % 8 * 8;
    uint64_t tags = atomic_load_explicit(&b->tags[at / 8], memory_order_relaxed);
    tags = (tags & ~(UINT64_C(255) << shift)) | byte << shift;
    atomic_store_explicit(&b->tags[at / 8], tags, memory_order_release);
}

static bool place(uintptr_t word, struct entry *e, uint64_t hash)
{
    size_t home = table_home(hash, word), count = table_count(word);
    for (size_t step = 0; step < TABLE_WINDOW && step < count; step++) {
        struct table_bucket *b = bucket_at(word, home, step), *first = bucket_at(word, home, 0);
        for (int i = 0; i < TABLE_SLOTS; i++) {
            if (entry_in(b, i) != NULL)
                continue;
            if (step != 0 && overflow_of(first) == 255)
                return false; /* hostile hashes: it cannot be counted */
            if (step != 0)
                set_byte(first, TABLE_OVERFLOW, overflow_of(first) + 1);
            /* The tag last: whoever sees it finds the slot filled. */
            atomic_store_explicit(&b->slot[i], alloc_ref_of(e), memory_order_release);
            set_byte(b, i, table_tag(hash));
            return true;
        }
    }
    return false;
}

/* A window of an array of that size that is full all the same says that hashes are hostile. */
static bool roomy(const struct table_shard *s, unsigned size)
{
    return (size_t)s->entries * 4 < TABLE_SLOTS * table_count(size);
}

struct place {
    struct table_bucket *home, *bucket;
    int slot;
};

static bool find_in(uintptr_t word, struct entry *e, uint64_t hash, struct place *p)
{
    if (word == 0)
        return false;
    size_t home = table_home(hash, word), count = table_count(word);
    p->home = bucket_at(word, home, 0);
    for (size_t step = 0; step < TABLE_WINDOW && step < count; step++) {
        p->bucket = bucket_at(word, home, step);
        for (p->slot = 0; p->slot < TABLE_SLOTS; p->slot++)
            if (entry_in(p->bucket, p->slot) == e)
                return true;
    }
    return false;
}

static bool find_place(struct table *t, struct entry *e, struct place *p)
{
    uint64_t hash = entry_hash(e);
    uint32_t shard = table_shard_of(hash);
    return find_in(atomic_load_explicit(&t->arrays[shard], memory_order_relaxed), e, hash, p) ||
           find_in(atomic_load_explicit(&t->leaving[shard], memory_order_relaxed), e, hash, p);
}

static void clear(const struct place *p)
{
    set_byte(p->bucket, p->slot, 0);
    atomic_store_explicit(&p->bucket->slot[p->slot], 0, memory_order_release);
    if (p->bucket != p->home)
        set_byte(p->home, TABLE_OVERFLOW, overflow_of(p->home) - 1);
}

static void free_array(struct epoch_garbage *g)
{
    struct array *a = (struct array *)g;
    os_free(a->block);
    os_free(a);
}

static void retire(uintptr_t word, struct array *a)
{
    a->block = table_buckets(word);
    epoch_retire(&a->garbage, table_count(word) * sizeof(struct table_bucket), free_array);
}

/* An empty array, and in *bin what is needed to retire the one before it. 0: no memory. */
static uintptr_t new_array(unsigned size, struct array **bin)
{
    *bin = os_alloc(sizeof **bin);
    void *block = *bin == NULL ? NULL : os_zalloc(table_count(size) * sizeof(struct table_bucket));
    if (block == NULL) {
        os_free(*bin);
        return 0;
    }
    SYNC_POINT("table.grows");
    return (uintptr_t)block | size;
}

static bool start_move(struct table *t, uint32_t shard, unsigned size)
{
    struct table_shard *s = &t->shards[shard];
    uintptr_t fresh = new_array(size, &s->bin);
    if (fresh == 0)
        return false;
    s->moved = 0;
    /* In this order: who finds the new array also finds the one before it. */
    atomic_store_explicit(&t->leaving[shard], atomic_load_explicit(&t->arrays[shard], memory_order_relaxed),
                          memory_order_release);
    atomic_store_explicit(&t->arrays[shard], fresh, memory_order_release);
    return true;
}

/* Their keys are about to be hashed: all at once they take as long to come as one. */
static void fetch_all(const struct table_bucket *b)
{
    for (int i = 0; i < TABLE_SLOTS; i++)
        __builtin_prefetch(entry_in(b, i));
}

/* An entry is put into the new array before it is taken out of the old: there is no moment without it. */
static void move_some(struct table *t, uint32_t shard, size_t buckets, size_t entries)
{
    struct table_shard *s = &t->shards[shard];
    uintptr_t old = atomic_load_explicit(&t->leaving[shard], memory_order_relaxed);
    uintptr_t word = atomic_load_explicit(&t->arrays[shard], memory_order_relaxed);
    for (size_t moved = 0; old != 0 && s->moved < table_count(old) && buckets > 0 && moved < entries;
         buckets--) {
        struct place p = {.bucket = bucket_at(old, s->moved, 0)};
        fetch_all(p.bucket);
        for (p.slot = 0; p.slot < TABLE_SLOTS; p.slot++) {
            struct entry *e = entry_in(p.bucket, p.slot);
            if (e == NULL)
                continue;
            uint64_t hash = entry_hash(e);
            if (!place(word, e, hash))
                return; /* stays where it is; an insertion that fails makes room */
            p.home = bucket_at(old, table_home(hash, old), 0);
            clear(&p);
            moved++;
        }
        s->moved++;
    }
    if (old != 0 && s->moved == table_count(old)) {
        atomic_store_explicit(&t->leaving[shard], 0, memory_order_release);
        retire(old, s->bin);
    }
}

static bool copy_all(uintptr_t from, uintptr_t to)
{
    for (size_t b = 0; from != 0 && b < table_count(from); b++)
        for (int i = 0; i < TABLE_SLOTS; i++) {
            struct entry *e = entry_in(bucket_at(from, b, 0), i);
            if (e != NULL && !place(to, e, entry_hash(e)))
                return false;
        }
    return true;
}

/* All at once into an array large enough: small ones, and those whose windows fill up while entries move. */
static bool rebuild(struct table *t, uint32_t shard)
{
    struct table_shard *s = &t->shards[shard];
    uintptr_t old = atomic_load_explicit(&t->arrays[shard], memory_order_relaxed);
    uintptr_t before = atomic_load_explicit(&t->leaving[shard], memory_order_relaxed);
    for (unsigned size = larger(size_of(old)); size < MOST_SIZE && !roomy(s, size); size++) {
        struct array *bin;
        uintptr_t fresh = new_array(size, &bin);
        if (fresh == 0)
            return false;
        if (!copy_all(old, fresh) || !copy_all(before, fresh)) {
            os_free(table_buckets(fresh));
            os_free(bin);
            continue;
        }
        atomic_store_explicit(&t->arrays[shard], fresh, memory_order_release);
        atomic_store_explicit(&t->leaving[shard], 0, memory_order_release);
        retire(old, bin);
        if (before != 0)
            retire(before, s->bin);
        return true;
    }
    return false;
}

static bool first_array(struct table *t, uint32_t shard)
{
    void *block = os_zalloc(sizeof(struct table_bucket));
    atomic_store_explicit(&t->arrays[shard], (uintptr_t)block, memory_order_release);
    return block != NULL;
}

/* Seven eighths full: beyond, too many stand far from home. */
static bool crowded(const struct table_shard *s, unsigned size)
{
    return (size_t)s->entries * 8 >= TABLE_SLOTS * table_count(size) * 7;
}

static bool make_room(struct table *t, uint32_t shard)
{
    uintptr_t word = atomic_load_explicit(&t->arrays[shard], memory_order_relaxed);
    unsigned size = size_of(word);
    if (word == 0)
        return first_array(t, shard);
    if (size < COPIED_SIZE || atomic_load_explicit(&t->leaving[shard], memory_order_relaxed) != 0)
        return rebuild(t, shard);
    return !roomy(&t->shards[shard], size + 1) && start_move(t, shard, size + 1);
}

bool table_insert(struct table *t, struct entry *e)
{
    uint64_t hash = entry_hash(e);
    uint32_t shard = table_shard_of(hash);
    uintptr_t word = atomic_load_explicit(&t->arrays[shard], memory_order_relaxed);
    move_some(t, shard, MOVED_BUCKETS, MOVED_BUCKETS * TABLE_SLOTS);
    if (word != 0 && crowded(&t->shards[shard], size_of(word)) &&
        atomic_load_explicit(&t->leaving[shard], memory_order_relaxed) == 0)
        make_room(t, shard); /* without memory it goes on as it is */
    while ((word = atomic_load_explicit(&t->arrays[shard], memory_order_relaxed)) == 0 ||
           !place(word, e, hash))
        if (!make_room(t, shard))
            return false;
    t->shards[shard].entries++;
    return true;
}

bool table_replace(struct table *t, struct entry *old, struct entry *new_)
{
    struct place p;
    if (!find_place(t, old, &p))
        return false;
    atomic_store_explicit(&p.bucket->slot[p.slot], alloc_ref_of(new_), memory_order_release);
    return true;
}

bool table_holds(struct table *t, struct entry *e)
{
    struct place p;
    return find_place(t, e, &p);
}

uint64_t table_entries(struct table *t)
{
    uint64_t n = 0;
    for (uint32_t s = 0; s < TABLE_SHARDS; s++)
        n += atomic_load_explicit(&t->shards[s].entries, memory_order_relaxed);
    return n;
}

bool table_remove(struct table *t, struct entry *old)
{
    struct place p;
    if (!find_place(t, old, &p))
        return false;
    clear(&p);
    t->shards[table_shard_of(entry_hash(old))].entries--;
    return true;
}

/* Nothing is in the shard: its arrays go. */
static void drop_arrays(struct table *t, uint32_t shard)
{
    uintptr_t word = atomic_load_explicit(&t->arrays[shard], memory_order_relaxed);
    uintptr_t before = atomic_load_explicit(&t->leaving[shard], memory_order_relaxed);
    struct array *bin = os_alloc(sizeof *bin);
    if (bin == NULL)
        return;
    atomic_store_explicit(&t->arrays[shard], 0, memory_order_release);
    atomic_store_explicit(&t->leaving[shard], 0, memory_order_release);
    retire(word, bin);
    if (before != 0)
        retire(before, t->shards[shard].bin);
}

bool table_tidy(struct table *t, uint32_t shard)
{
    struct table_shard *s = &t->shards[shard];
    uintptr_t word = atomic_load_explicit(&t->arrays[shard], memory_order_relaxed);
    unsigned size = size_of(word), fits = COPIED_SIZE;
    if (word != 0 && s->entries == 0 && size > 0)
        drop_arrays(t, shard);
    if (s->entries == 0)
        return false;
    if (atomic_load_explicit(&t->leaving[shard], memory_order_relaxed) == 0) {
        if (size <= COPIED_SIZE || (size_t)s->entries * 16 >= TABLE_SLOTS * table_count(size))
            return false;
        while (TABLE_SLOTS * table_count(fits) < (size_t)s->entries * 4)
            fits++;
        if (fits >= size || !start_move(t, shard, fits))
            return false;
    }
    size_t before = s->moved;
    move_some(t, shard, TIDIED_BUCKETS, TIDIED_BUCKETS);
    return atomic_load_explicit(&t->leaving[shard], memory_order_relaxed) != 0 && s->moved != before;
}

static void each_in(uintptr_t word, size_t from, size_t to, void (*visit)(struct entry *, void *),
                    void *cookie)
{
    for (size_t b = from; word != 0 && b < to && b < table_count(word); b++)
        for (int i = 0; i < TABLE_SLOTS; i++) {
            struct entry *e = entry_in(bucket_at(word, b, 0), i);
            if (e != NULL)
                visit(e, cookie);
        }
}

void table_each(struct table *t, uint32_t shard, void (*visit)(struct entry *, void *), void *cookie)
{
    each_in(atomic_load_explicit(&t->arrays[shard], memory_order_relaxed), 0, SIZE_MAX, visit, cookie);
    each_in(atomic_load_explicit(&t->leaving[shard], memory_order_relaxed), 0, SIZE_MAX, visit, cookie);
}

bool table_each_some(struct table *t, uint32_t shard, struct table_walk *w,
                     void (*visit)(struct entry *, void *), void *cookie)
{
    enum { PIECE = 64, THOROUGH_PIECE = 4, RESTARTS_MOST = 8 };
    size_t piece = w->thorough ? THOROUGH_PIECE : PIECE;
    uintptr_t word = atomic_load_explicit(&t->arrays[shard], memory_order_relaxed);
    size_t before = t->shards[shard].moved;
    if (w->restarts > RESTARTS_MOST) {
        table_each(t, shard, visit, cookie);
        return false;
    }
    if (atomic_load_explicit(&t->leaving[shard], memory_order_relaxed) != 0) {
        /* First all into one array. */
        move_some(t, shard, PIECE, PIECE * TABLE_SLOTS);
        if (t->shards[shard].moved == before)
            w->restarts = RESTARTS_MOST + 1;
        return true;
    }
    if (word != w->array) {
        w->array = word;
        w->at = 0;
        w->restarts++;
    }
    each_in(word, w->at, w->at + piece, visit, cookie);
    w->at += piece;
    return word != 0 && w->at < table_count(word);
}
