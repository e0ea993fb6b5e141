#include "retune.h"
#include "age.h"
#include "lease.h"
#include "settle.h"
#include "runtime/registry/mode.h"
#include "runtime/registry/resolve.h"
#include "base/clock.h"

struct retuning {
    struct function *f;
    struct evict *old; /* bounds that its entries leave */
};

static void retime(struct entry *e, void *cookie)
{
    struct function *f = function_of_entry(e);
    if (f != ((struct retuning *)cookie)->f || entry_has_own_times(e) || (entry_flags(e) & ENTRY_FAILED))
        return;
    /* The other ends follow the settings by themselves (age.h). */
    uint64_t word = lease_word(e), fresh = clock_add(entry_born(e), atomic_load(&f->settings.ttl));
    while (!(entry_flags(e) & ENTRY_EXPIRED) &&
           !lease_change(e, word, entry_time(fresh) | (lease_taken(word) ? lease_mine() : 0)))
        word = lease_word(e);
}

static void move(struct entry *e, void *cookie)
{
    struct retuning *r = cookie;
    if (function_of_entry(e) != r->f)
        return;
    evict_remove(r->old, e);
    evict_add(r->f->bounds, e);
}

void cache_rebound(struct function *f, struct evict *own)
{
    struct retuning r = {f, f->bounds};
    own->max_bytes = own->max_entries = UINT64_MAX;
    LOCK_RANKED(&own->lock, evictor);
    /* All shards, in order: whoever holds one of them may be about to use the old bounds. */
    lock_order_all(true);
    for (uint32_t s = 0; s < TABLE_SHARDS; s++)
        table_lock(&cache_table, s);
    f->bounds = own;
    for (uint32_t s = 0; s < TABLE_SHARDS; s++)
        table_each(&cache_table, s, move, &r);
    for (uint32_t s = 0; s < TABLE_SHARDS; s++)
        table_unlock(&cache_table, s);
    lock_order_all(false);
}

void function_retune(struct function *f)
{
    struct settings *s = &f->settings;
    uint64_t ttl = atomic_load(&s->ttl), stale = atomic_load(&s->stale), shortest = 10 * clock_lag();
    bool precise = ttl < shortest || (stale != 0 && stale < shortest);
    atomic_store(&f->clock, precise ? CLOCK_MONOTONIC : CLOCK_MONOTONIC_COARSE);
    uint64_t entries = atomic_load(&s->max_entries), bytes = atomic_load(&s->max_bytes);
    if (f->bounds == &cache_bounds && (entries != UINT64_MAX || bytes != UINT64_MAX)) {
        struct evict *own = os_zalloc(sizeof *own);
        if (own != NULL)
            cache_rebound(f, own);
    }
    if (f->bounds != &cache_bounds)
        evict_bounds(f->bounds, bytes, entries);
}

void cache_retune(struct function *f)
{
    struct retuning r = {f, NULL};
    function_retune(f);
    for (uint32_t s = 0; s < TABLE_SHARDS; s++) {
        table_lock(&cache_table, s);
        table_each(&cache_table, s, retime, &r);
        table_unlock(&cache_table, s);
        cache_pause();
    }
    cache_trim_whole(f);
    settle_ask();
}

void region_retune(struct region *r)
{
    size_t count;
    struct function **within = region_functions(r, &count);
    for (size_t i = 0; within != NULL && i < count; i++) {
        setting_resolve(within[i]);
        mode_begin(within[i]);
        cache_retune(within[i]);
    }
    os_free(within);
}
