#include "table.h"

#include <string.h>

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

static uint64_t slot_for(struct entry *e)
{
    return e->hash >> TABLE_HASH_SHIFT << TABLE_HASH_SHIFT | (uintptr_t)e;
}

static bool same_key(const struct entry *e, uint64_t identity, const void *what)
{
    const struct key *key = what;
    return e->identity == identity && e->key_len == key->len && memcmp(e->data, key->bytes, key->len) == 0;
}

struct entry *table_find(struct table *t, uint64_t identity, const struct key *key)
{
    return table_find_by(t, identity, key->hash, same_key, key);
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
    size_t mask = table_mask(word), home = table_home(e->hash, word);
    for (size_t step = 0; step < TABLE_WINDOW && step <= mask; step++) {
        struct table_bucket *b = &buckets[(home + step) & mask];
        for (int i = 0; i < TABLE_SLOTS; i++) {
            if (atomic_load_explicit(&b->slot[i], memory_order_relaxed) != 0)
                continue;
            if (step != 0)
                add_overflow(&buckets[home], 1);
            /* The tag last: whoever sees it finds the slot filled. */
            atomic_store_explicit(&b->slot[i], slot_for(e), memory_order_release);
            set_tag(b, i, table_tag(e->hash));
            return true;
        }
    }
    return false;
}

struct place {
    struct table_bucket *home, *bucket;
    int slot;
};

static bool find_place(struct table *t, struct entry *e, struct place *p)
{
    uintptr_t word = atomic_load_explicit(&t->arrays[table_shard_of(e->hash)], memory_order_relaxed);
    if (word == 0)
        return false;
    size_t mask = table_mask(word), home = table_home(e->hash, word);
    p->home = &table_buckets(word)[home];
    for (size_t step = 0; step < TABLE_WINDOW && step <= mask; step++) {
        p->bucket = &table_buckets(word)[(home + step) & mask];
        for (p->slot = 0; p->slot < TABLE_SLOTS; p->slot++)
            if (entry_of(atomic_load_explicit(&p->bucket->slot[p->slot], memory_order_relaxed)) == e)
                return true;
    }
    return false;
}

static void free_array(struct epoch_garbage *g)
{
    struct array *a = (struct array *)g;
    os_free(a->block);
    os_free(a);
}

static bool grow(struct table *t, uint32_t shard)
{
    uintptr_t old = atomic_load_explicit(&t->arrays[shard], memory_order_relaxed);
    for (unsigned log = old ? (unsigned)(old & 63) + 1 : 0; log < 40; log++) {
        size_t size = sizeof(struct table_bucket) << log;
        /* Hostile hashes: nearly empty and still no room. */
        if (old != 0 && (size_t)t->shards[shard].entries * 16 < ((size_t)TABLE_SLOTS << log))
            return false;
        struct table_bucket *fresh = os_alloc_aligned(64, size);
        struct array *garbage = old ? os_alloc(sizeof *garbage) : NULL;
        if (fresh == NULL || (old && garbage == NULL)) {
            os_free(fresh);
            os_free(garbage);
            return false;
        }
        memset(fresh, 0, size);
        uintptr_t word = (uintptr_t)fresh | log;
        bool all = true;
        for (size_t b = 0; old && all && b < count_of(old); b++)
            for (int i = 0; all && i < TABLE_SLOTS; i++) {
                uint64_t slot = atomic_load_explicit(&table_buckets(old)[b].slot[i], memory_order_relaxed);
                all = slot == 0 || place(word, entry_of(slot));
            }
        if (!all) {
            os_free(fresh);
            os_free(garbage);
            continue;
        }
        atomic_store_explicit(&t->arrays[shard], word, memory_order_release);
        if (old) {
            garbage->block = table_buckets(old);
            epoch_retire(&garbage->garbage, free_array);
        }
        return true;
    }
    return false;
}

bool table_insert(struct table *t, struct entry *e)
{
    uint32_t shard = table_shard_of(e->hash);
    uintptr_t word = atomic_load_explicit(&t->arrays[shard], memory_order_relaxed);
    while (word == 0 || !place(word, e)) {
        if (!grow(t, shard))
            return false;
        word = atomic_load_explicit(&t->arrays[shard], memory_order_relaxed);
    }
    t->shards[shard].entries++;
    return true;
}

bool table_replace(struct table *t, struct entry *old, struct entry *new_)
{
    struct place p;
    if (!find_place(t, old, &p))
        return false;
    atomic_store_explicit(&p.bucket->slot[p.slot], slot_for(new_), memory_order_release);
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
    set_tag(p.bucket, p.slot, 0);
    atomic_store_explicit(&p.bucket->slot[p.slot], 0, memory_order_release);
    if (p.bucket != p.home)
        add_overflow(p.home, -1);
    t->shards[table_shard_of(old->hash)].entries--;
    return true;
}

void table_each(struct table *t, uint32_t shard, void (*visit)(struct entry *, void *), void *cookie)
{
    uintptr_t word = atomic_load_explicit(&t->arrays[shard], memory_order_relaxed);
    for (size_t b = 0; word != 0 && b < count_of(word); b++)
        for (int i = 0; i < TABLE_SLOTS; i++) {
            uint64_t slot = atomic_load_explicit(&table_buckets(word)[b].slot[i], memory_order_relaxed);
            if (slot != 0)
                visit(entry_of(slot), cookie);
        }
}
