#include "table.h"

#include <string.h>

enum { SLOTS = 7, WINDOW = 4, LOG_MASK = 63, TAG_SHIFT = 48 };
#define ADDRESS_MASK ((UINT64_C(1) << TAG_SHIFT) - 1)

struct bucket {
    _Atomic uint64_t slot[SLOTS];
    _Atomic uint64_t overflow;
};

struct array {
    struct epoch_garbage garbage;
    void *block;
};

static struct bucket *buckets_of(uintptr_t word)
{
    return (struct bucket *)(word & ~(uintptr_t)LOG_MASK);
}

static size_t count_of(uintptr_t word)
{
    return (size_t)1 << (word & LOG_MASK);
}

static size_t home_of(uint64_t hash, uintptr_t word)
{
    return (size_t)(hash >> 6) & (count_of(word) - 1);
}

static uint64_t tag_of(uint64_t hash)
{
    return hash >> TAG_SHIFT;
}

static struct entry *entry_of(uint64_t slot)
{
    return (struct entry *)(uintptr_t)(slot & ADDRESS_MASK);
}

/* A call of memcmp costs as much as the rest of the probe for the commonest key, one word. */
static inline bool same_bytes(const unsigned char *a, const unsigned char *b, size_t len)
{
    uint64_t x, y;
    if (len != sizeof x)
        return memcmp(a, b, len) == 0;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x == y;
}

struct entry *table_find(struct table *t, uint64_t identity, const struct key *key)
{
    uintptr_t word = atomic_load_explicit(&t->arrays[table_shard_of(key->hash)], memory_order_acquire);
    if (unlikely(word == 0))
        return NULL;
    struct bucket *buckets = buckets_of(word);
    size_t mask = count_of(word) - 1, home = home_of(key->hash, word);
    uint64_t tag = tag_of(key->hash);
    for (size_t step = 0; step < WINDOW && step <= mask; step++) {
        struct bucket *b = &buckets[(home + step) & mask];
        /* All tags first, without a branch: which slot it is cannot be predicted. */
        uint64_t slots[SLOTS];
        uint32_t same = 0;
        for (int i = 0; i < SLOTS; i++) {
            slots[i] = atomic_load_explicit(&b->slot[i], memory_order_acquire);
            same |= (uint32_t)(slots[i] >> TAG_SHIFT == tag) << i;
        }
        for (; same != 0; same &= same - 1) {
            uint64_t slot = slots[__builtin_ctz(same)];
            if (unlikely(slot == 0))
                continue;
            struct entry *e = entry_of(slot);
            if (likely(e->identity == identity && e->key_len == key->len &&
                       same_bytes(e->data, key->bytes, key->len)))
                return e;
        }
        if (step == 0 && likely(atomic_load_explicit(&b->overflow, memory_order_acquire) == 0))
            return NULL;
    }
    return NULL;
}

void table_lock(struct table *t, uint32_t shard)
{
    lock_take(&t->shards[shard].lock);
}

void table_unlock(struct table *t, uint32_t shard)
{
    lock_give(&t->shards[shard].lock);
}

static bool place(uintptr_t word, struct entry *e)
{
    struct bucket *buckets = buckets_of(word);
    size_t mask = count_of(word) - 1, home = home_of(e->hash, word);
    for (size_t step = 0; step < WINDOW && step <= mask; step++) {
        struct bucket *b = &buckets[(home + step) & mask];
        for (int i = 0; i < SLOTS; i++) {
            if (atomic_load_explicit(&b->slot[i], memory_order_relaxed) != 0)
                continue;
            if (step != 0)
                atomic_fetch_add_explicit(&buckets[home].overflow, 1, memory_order_release);
            atomic_store_explicit(&b->slot[i], tag_of(e->hash) << TAG_SHIFT | (uintptr_t)e,
                                  memory_order_release);
            return true;
        }
    }
    return false;
}

static _Atomic uint64_t *slot_of(uintptr_t word, struct entry *e, size_t *step_out)
{
    struct bucket *buckets = buckets_of(word);
    size_t mask = count_of(word) - 1, home = home_of(e->hash, word);
    for (size_t step = 0; word != 0 && step < WINDOW && step <= mask; step++)
        for (int i = 0; i < SLOTS; i++) {
            _Atomic uint64_t *slot = &buckets[(home + step) & mask].slot[i];
            if (entry_of(atomic_load_explicit(slot, memory_order_relaxed)) == e) {
                *step_out = step;
                return slot;
            }
        }
    return NULL;
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
    for (unsigned log = old ? (unsigned)(old & LOG_MASK) + 1 : 0; log < 40; log++) {
        size_t size = sizeof(struct bucket) << log;
        /* Hostile hashes: nearly empty and still no room. */
        if (old != 0 && (size_t)t->shards[shard].entries * 16 < ((size_t)SLOTS << log))
            return false;
        struct bucket *fresh = os_alloc_aligned(64, size);
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
            for (int i = 0; all && i < SLOTS; i++) {
                uint64_t slot = atomic_load_explicit(&buckets_of(old)[b].slot[i], memory_order_relaxed);
                all = slot == 0 || place(word, entry_of(slot));
            }
        if (!all) {
            os_free(fresh);
            os_free(garbage);
            continue;
        }
        atomic_store_explicit(&t->arrays[shard], word, memory_order_release);
        if (old) {
            garbage->block = buckets_of(old);
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
    size_t step;
    uintptr_t word = atomic_load_explicit(&t->arrays[table_shard_of(old->hash)], memory_order_relaxed);
    _Atomic uint64_t *slot = word ? slot_of(word, old, &step) : NULL;
    if (slot == NULL)
        return false;
    atomic_store_explicit(slot, tag_of(new_->hash) << TAG_SHIFT | (uintptr_t)new_, memory_order_release);
    return true;
}

bool table_holds(struct table *t, struct entry *e)
{
    size_t step;
    uintptr_t word = atomic_load_explicit(&t->arrays[table_shard_of(e->hash)], memory_order_relaxed);
    return word != 0 && slot_of(word, e, &step) != NULL;
}

bool table_remove(struct table *t, struct entry *old)
{
    size_t step;
    uint32_t shard = table_shard_of(old->hash);
    uintptr_t word = atomic_load_explicit(&t->arrays[shard], memory_order_relaxed);
    _Atomic uint64_t *slot = word ? slot_of(word, old, &step) : NULL;
    if (slot == NULL)
        return false;
    atomic_store_explicit(slot, 0, memory_order_release);
    if (step != 0)
        atomic_fetch_sub_explicit(&buckets_of(word)[home_of(old->hash, word)].overflow, 1,
                                  memory_order_release);
    t->shards[shard].entries--;
    return true;
}

void table_each(struct table *t, uint32_t shard, void (*visit)(struct entry *, void *), void *cookie)
{
    uintptr_t word = atomic_load_explicit(&t->arrays[shard], memory_order_relaxed);
    for (size_t b = 0; word != 0 && b < count_of(word); b++)
        for (int i = 0; i < SLOTS; i++) {
            uint64_t slot = atomic_load_explicit(&buckets_of(word)[b].slot[i], memory_order_relaxed);
            if (slot != 0)
                visit(entry_of(slot), cookie);
        }
}
