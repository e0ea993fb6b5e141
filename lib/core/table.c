#include "table.h"

#include <string.h>

enum {
    COPIED_LOG = 6,    /* arrays below 64 buckets are copied at once */
    MOVED_BUCKETS = 4, /* with an insertion */
    TIDIED_BUCKETS = 64,
    MOST_LOG = 40,
};

struct array {
    struct epoch_garbage garbage;
    void *block;
};

static size_t count_of(uintptr_t word)
{
    return table_mask(word) + 1;
}

static struct entry *entry_of(uint64_t slot)
{
    return (struct entry *)(uintptr_t)(slot & ((UINT64_C(1) << TABLE_HASH_SHIFT) - 1));
}

static uint64_t slot_for(struct entry *e, uint64_t hash)
{
    return table_mark(hash) | (uintptr_t)e;
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

/* Beyond the home bucket, whose tags are given. */
static struct entry *find_astray(uintptr_t word, uint64_t tags, uint64_t identity, uint64_t hash,
                                 table_same *same, const void *what)
{
    struct entry *e = NULL;
    for (size_t step = 1; tags >> 56 != 0 && e == NULL && step < TABLE_WINDOW && step <= table_mask(word);
         step++) {
        struct table_bucket *b = &table_buckets(word)[(table_home(hash, word) + step) & table_mask(word)];
        uint64_t there = atomic_load_explicit(&b->tags, memory_order_acquire);
        e = table_look(b, there, hash, identity, same, what);
    }
    return e;
}

static struct entry *look_in(uintptr_t word, uint64_t identity, uint64_t hash, table_same *same,
                             const void *what)
{
    if (word == 0)
        return NULL;
    struct table_bucket *b = &table_buckets(word)[table_home(hash, word)];
    uint64_t tags = atomic_load_explicit(&b->tags, memory_order_acquire);
    struct entry *e = table_look(b, tags, hash, identity, same, what);
    return e != NULL ? e : find_astray(word, tags, identity, hash, same, what);
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
static void set_tag(struct table_bucket *b, int slot, uint64_t tag)
{
    uint64_t tags = atomic_load_explicit(&b->tags, memory_order_relaxed);
    tags = (tags & ~(UINT64_C(255) << slot * 8)) | tag << slot * 8;
    atomic_store_explicit(&b->tags, tags, memory_order_release);
}

static void add_overflow(struct table_bucket *b, int by)
{
    uint64_t tags = atomic_load_explicit(&b->tags, memory_order_relaxed);
    atomic_store_explicit(&b->tags, tags + ((uint64_t)(int64_t)by << 56), memory_order_release);
}

static bool place(uintptr_t word, struct entry *e)
{
    struct table_bucket *buckets = table_buckets(word);
    uint64_t hash = entry_hash(e);
    size_t mask = table_mask(word), home = table_home(hash, word);
    for (size_t step = 0; step < TABLE_WINDOW && step <= mask; step++) {
        struct table_bucket *b = &buckets[(home + step) & mask];
        for (int i = 0; i < TABLE_SLOTS; i++) {
            if (atomic_load_explicit(&b->slot[i], memory_order_relaxed) != 0)
                continue;
            if (step != 0)
                add_overflow(&buckets[home], 1);
            /* The tag last: whoever sees it finds the slot filled. */
            atomic_store_explicit(&b->slot[i], slot_for(e, hash), memory_order_release);
            set_tag(b, i, table_tag(hash));
            return true;
        }
    }
    return false;
}

/* A window of an array of that size that is full all the same says that hashes are hostile. */
static bool nearly_empty(const struct table_shard *s, unsigned log)
{
    return (size_t)s->entries * 16 < (size_t)TABLE_SLOTS << log;
}

struct place {
    struct table_bucket *home, *bucket;
    int slot;
};

static bool find_in(uintptr_t word, struct entry *e, uint64_t hash, struct place *p)
{
    if (word == 0)
        return false;
    size_t mask = table_mask(word), home = table_home(hash, word);
    p->home = &table_buckets(word)[home];
    for (size_t step = 0; step < TABLE_WINDOW && step <= mask; step++) {
        p->bucket = &table_buckets(word)[(home + step) & mask];
        for (p->slot = 0; p->slot < TABLE_SLOTS; p->slot++)
            if (entry_of(atomic_load_explicit(&p->bucket->slot[p->slot], memory_order_relaxed)) == e)
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
    set_tag(p->bucket, p->slot, 0);
    atomic_store_explicit(&p->bucket->slot[p->slot], 0, memory_order_release);
    if (p->bucket != p->home)
        add_overflow(p->home, -1);
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
    epoch_retire(&a->garbage, count_of(word) * sizeof(struct table_bucket), free_array);
}

/* An empty array, and in *bin what is needed to retire the one before it. 0: no memory. */
static uintptr_t new_array(unsigned log, struct array **bin)
{
    *bin = os_alloc(sizeof **bin);
    void *block = *bin == NULL ? NULL : os_zalloc(sizeof(struct table_bucket) << log);
    if (block == NULL) {
        os_free(*bin);
        return 0;
    }
    return (uintptr_t)block | log;
}

static bool start_move(struct table *t, uint32_t shard, unsigned log)
{
    struct table_shard *s = &t->shards[shard];
    uintptr_t fresh = new_array(log, &s->bin);
    if (fresh == 0)
        return false;
    s->moved = 0;
    /* In this order: who finds the new array also finds the one before it. */
    atomic_store_explicit(&t->leaving[shard], atomic_load_explicit(&t->arrays[shard], memory_order_relaxed),
                          memory_order_release);
    atomic_store_explicit(&t->arrays[shard], fresh, memory_order_release);
    return true;
}

/* An entry is put into the new array before it is taken out of the old: there is no moment without it. */
static void move_some(struct table *t, uint32_t shard, size_t buckets, size_t entries)
{
    struct table_shard *s = &t->shards[shard];
    uintptr_t old = atomic_load_explicit(&t->leaving[shard], memory_order_relaxed);
    uintptr_t word = atomic_load_explicit(&t->arrays[shard], memory_order_relaxed);
    for (size_t moved = 0; old != 0 && s->moved < count_of(old) && buckets > 0 && moved < entries;
         buckets--) {
        struct place p = {.bucket = &table_buckets(old)[s->moved]};
        for (p.slot = 0; p.slot < TABLE_SLOTS; p.slot++) {
            struct entry *e = entry_of(atomic_load_explicit(&p.bucket->slot[p.slot], memory_order_relaxed));
            if (e == NULL)
                continue;
            if (!place(word, e))
                return; /* stays where it is; an insertion that fails makes room */
            p.home = &table_buckets(old)[table_home(entry_hash(e), old)];
            clear(&p);
            moved++;
        }
        s->moved++;
    }
    if (old != 0 && s->moved == count_of(old)) {
        atomic_store_explicit(&t->leaving[shard], 0, memory_order_release);
        retire(old, s->bin);
    }
}

static bool copy_all(uintptr_t from, uintptr_t to)
{
    for (size_t b = 0; from != 0 && b < count_of(from); b++)
        for (int i = 0; i < TABLE_SLOTS; i++) {
            uint64_t slot = atomic_load_explicit(&table_buckets(from)[b].slot[i], memory_order_relaxed);
            if (slot != 0 && !place(to, entry_of(slot)))
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
    for (unsigned log = (unsigned)(old & 63) + 1; log < MOST_LOG && !nearly_empty(s, log); log++) {
        struct array *bin;
        uintptr_t fresh = new_array(log, &bin);
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

static bool make_room(struct table *t, uint32_t shard)
{
    uintptr_t word = atomic_load_explicit(&t->arrays[shard], memory_order_relaxed);
    unsigned log = word & 63;
    if (word == 0)
        return first_array(t, shard);
    if (log < COPIED_LOG || atomic_load_explicit(&t->leaving[shard], memory_order_relaxed) != 0)
        return rebuild(t, shard);
    return !nearly_empty(&t->shards[shard], log + 1) && start_move(t, shard, log + 1);
}

bool table_insert(struct table *t, struct entry *e)
{
    uint32_t shard = table_shard_of(entry_hash(e));
    uintptr_t word;
    move_some(t, shard, MOVED_BUCKETS, MOVED_BUCKETS * TABLE_SLOTS);
    while ((word = atomic_load_explicit(&t->arrays[shard], memory_order_relaxed)) == 0 || !place(word, e))
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
    atomic_store_explicit(&p.bucket->slot[p.slot], slot_for(new_, entry_hash(new_)), memory_order_release);
    return true;
}

bool table_holds(struct table *t, struct entry *e)
{
    struct place p;
    return find_place(t, e, &p);
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
    unsigned log = word & 63, fits = COPIED_LOG;
    if (word != 0 && s->entries == 0 && log > 0)
        drop_arrays(t, shard);
    if (s->entries == 0)
        return false;
    if (atomic_load_explicit(&t->leaving[shard], memory_order_relaxed) == 0) {
        if (log <= COPIED_LOG || !nearly_empty(s, log))
            return false;
        while (((size_t)TABLE_SLOTS << fits) < (size_t)s->entries * 4)
            fits++;
        if (fits >= log || !start_move(t, shard, fits))
            return false;
    }
    size_t before = s->moved;
    move_some(t, shard, TIDIED_BUCKETS, TIDIED_BUCKETS);
    return atomic_load_explicit(&t->leaving[shard], memory_order_relaxed) != 0 && s->moved != before;
}

static void each_in(uintptr_t word, size_t from, size_t to, void (*visit)(struct entry *, void *),
                    void *cookie)
{
    for (size_t b = from; word != 0 && b < to && b < count_of(word); b++)
        for (int i = 0; i < TABLE_SLOTS; i++) {
            uint64_t slot = atomic_load_explicit(&table_buckets(word)[b].slot[i], memory_order_relaxed);
            if (slot != 0)
                visit(entry_of(slot), cookie);
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
    enum { PIECE = 64, RESTARTS_MOST = 8 };
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
    each_in(word, w->at, w->at + PIECE, visit, cookie);
    w->at += PIECE;
    return word != 0 && w->at < count_of(word);
}
