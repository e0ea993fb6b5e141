#include "retune.h"
#include "age.h"
#include "lease.h"
#include "settle.h"
#include "runtime/registry/mode.h"
#include "runtime/registry/resolve.h"
#include "core/mark.h"
#include "base/clock.h"
#include "base/sync.h"

/* Changes under way. */
static _Atomic uint32_t changing;

void retune_begin(void)
{
    atomic_fetch_add(&changing, 1);
}

void retune_end(void)
{
    /* None is left of what was counted in the parent, where the child has ended it. */
    uint32_t n = atomic_load(&changing);
    while (n != 0 && !atomic_compare_exchange_weak(&changing, &n, n - 1))
        continue;
}

struct retuning {
    struct function *f; /* NULL: every one */
    struct evict *old;  /* bounds that its entries leave */
};

/* It has an end of freshness that others gave it, and nobody remembers which. */
static bool stands_on_others(const struct entry *e)
{
    const struct mark_set *set = mark_set_of(e);
    for (uint32_t i = 0; set != NULL && i < set->count; i++)
        if (set->links[i].name.kind != MARK_TAG)
            return true;
    return false;
}

static void retime(struct entry *e, void *cookie)
{
    struct function *f = function_of_entry(e);
    bool failed = (entry_flags(e) & ENTRY_FAILED) != 0;
    const struct function *only = ((struct retuning *)cookie)->f;
    if ((only != NULL && f != only) || (entry_has_own_times(e) && !failed))
        return;
    /* The other ends follow the settings by themselves (age.h). */
    struct age_policy policy = age_policy_of(f);
    struct age_birth birth = {.born = entry_born(e),
                              .failed = failed,
                              .fresh_cap = CLOCK_NEVER,
                              .jitter_pct = (unsigned)atomic_load(&f->settings.jitter_pct),
                              .chance = os_random()};
    bool bound = !failed && stands_on_others(e);
    uint64_t word = lease_word(e);
    while (!(entry_flags(e) & ENTRY_EXPIRED)) {
        if (bound && (birth.fresh_cap = entry_fresh_until(e)) == 0)
            return;
        uint64_t fresh = age_fresh_until(&policy, &birth);
        /* Old as before: its lease or back-off goes on. */
        if ((word & ENTRY_TURN) && fresh <= clock_now())
            return;
        if (lease_change(e, word, entry_time(fresh) | (lease_taken(word) ? lease_mine() : 0)))
            return;
        word = lease_word(e);
    }
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

static void retime_all(struct function *f)
{
    struct retuning r = {f, NULL};
    for (uint32_t s = 0; s < TABLE_SHARDS; s++) {
        table_lock(&cache_table, s);
        table_each(&cache_table, s, retime, &r);
        table_unlock(&cache_table, s);
        SYNC_POINT("retune.walks");
        cache_pause();
    }
}

void cache_retune(struct function *f)
{
    function_retune(f);
    retime_all(f);
    cache_trim_whole(f);
    settle_ask();
}

void retune_end_left(void)
{
    if (atomic_exchange(&changing, 0) == 0)
        return;
    struct function *f;
    for (uint32_t at = 0; (f = function_next(&at)) != NULL; function_release(f)) {
        setting_resolve(f);
        mode_begin(f);
        function_retune(f);
    }
    retime_all(NULL);
    for (uint32_t at = 0; (f = function_next(&at)) != NULL; function_release(f))
        cache_trim_whole(f);
    settle_ask();
}

void region_retune(struct region *r)
{
    size_t count;
    struct function **within = region_functions(r, &count);
    SYNC_POINT("retune.begins");
    for (size_t i = 0; within != NULL && i < count; i++) {
        setting_resolve(within[i]);
        mode_begin(within[i]);
        cache_retune(within[i]);
    }
    region_free_functions(within, count);
}
