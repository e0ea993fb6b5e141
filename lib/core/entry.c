#include "entry.h"
#include "mark.h"

#include <string.h>

enum { COST_STEPS = 8 }; /* to a doubling */

uint64_t (*entry_hash)(struct entry *e);

struct entry *entry_new(const struct key *key, uint64_t identity, size_t value_len, struct entry_extra extra)
{
    if (value_len > KEY_MOST || extra.marks_len > KEY_MOST || key->len > KEY_MOST ||
        extra.opaque_len > KEY_MOST)
        return NULL;
    bool lengthy = key->len >= ENTRY_LEN_LONG || value_len >= ENTRY_LEN_LONG;
    size_t before = lengthy || extra.more || extra.opaque_len != 0 ? sizeof(struct entry_more) : 0;
    size_t data = key->len + value_len + extra.opaque_len;
    /* A hit of another function may take a key's first word for its own before it looks whose it is. */
    size_t size = before + sizeof(struct entry) + (data < sizeof(uint64_t) ? sizeof(uint64_t) : data);
    unsigned char *at = os_alloc(extra.marks_len == 0 ? size : ((size + 7) & ~(size_t)7) + extra.marks_len);
    if (at == NULL)
        return NULL;
    struct entry *e = (struct entry *)(void *)(at + before);
    memset(at, 0, before + sizeof *e + sizeof(uint64_t));
    if (before != 0) {
        *entry_more(e) = (struct entry_more){.key_len = (uint32_t)key->len,
                                             .value_len = (uint32_t)value_len,
                                             .opaque_len = (uint32_t)extra.opaque_len};
        entry_flag(e, ENTRY_MORE);
    }
    uint64_t key_len = lengthy ? ENTRY_LEN_LONG : key->len, len = lengthy ? ENTRY_LEN_LONG : value_len;
    e->shape = key_len << ENTRY_KEY_LEN_AT | len << ENTRY_VALUE_LEN_AT;
    e->identity = (uint32_t)identity;
    atomic_store_explicit(&e->refs, 1, memory_order_relaxed);
    atomic_store_explicit(&e->use, ENTRY_TOUCHED_MOST | ENTRY_UNCALLED, memory_order_relaxed);
    memcpy(e->data, key->bytes, key->len);
    return e;
}

size_t entry_bytes(const struct entry *e)
{
    uint8_t flags = entry_flags(e);
    size_t size = sizeof *e + entry_key_len(e) + entry_value_len(e);
    if (flags & ENTRY_MORE)
        size += sizeof(struct entry_more) + entry_opaque_len(e);
    if (flags & ENTRY_MARKED)
        size = entry_marks_offset(e) + mark_set_of(e)->bytes +
               (flags & ENTRY_MORE ? sizeof(struct entry_more) : 0);
    return size;
}

void entry_free(struct entry *e)
{
    void *at = entry_flags(e) & ENTRY_MORE ? (void *)entry_more(e) : (void *)e;
#ifdef SWRCACHE_TESTING
    /* Whoever still looks at it sees nothing that could pass for a value. */
    memset(at, 0xde, entry_bytes(e));
#endif
    os_free(at);
}

void entry_set_born(struct entry *e, uint64_t ns)
{
    e->shape = (e->shape & ~ENTRY_TIME) | entry_time(ns);
}

void entry_set_fresh_until(struct entry *e, uint64_t ns)
{
    uint64_t time = entry_time(ns), when = atomic_load(&e->when);
    while (!atomic_compare_exchange_weak(&e->when, &when, (when & ~ENTRY_WHEN) | time))
        continue;
}

/* 0 to 7, then eighths of doublings. */
void entry_set_cost(struct entry *e, uint64_t us)
{
    uint64_t cost = us;
    if (us >= COST_STEPS) {
        unsigned log = 63 - (unsigned)__builtin_clzll(us) - 3;
        cost = log > 30 ? 255 : (log + 1) * COST_STEPS + (us >> log) - COST_STEPS;
    }
    uint64_t when = atomic_load(&e->when) & ((UINT64_C(1) << ENTRY_COST_AT) - 1);
    atomic_store(&e->when, when | cost << ENTRY_COST_AT);
}

uint32_t entry_cost_us(const struct entry *e)
{
    uint32_t cost = (uint32_t)(atomic_load_explicit(&e->when, memory_order_relaxed) >> ENTRY_COST_AT);
    uint32_t step = cost % COST_STEPS + COST_STEPS, log = cost / COST_STEPS;
    if (cost < COST_STEPS)
        return cost;
    return log > 29 ? UINT32_MAX : step << (log - 1);
}

void entry_write_touch(struct entry *e, unsigned use, bool step)
{
    unsigned parts = use >> ENTRY_HITS_AT, left = use & ENTRY_LEFT;
    if (step && parts < ENTRY_HITS_MOST)
        parts += parts < ENTRY_HITS_EXACT ? 1 : ENTRY_HITS_STEP;
    if (parts == ENTRY_HITS_EXACT)
        parts = ENTRY_HITS_STEPS;
    left -= left != 0;
    atomic_store_explicit(&e->use, (uint16_t)(parts << ENTRY_HITS_AT | left), memory_order_relaxed);
}
