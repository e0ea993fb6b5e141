#include "sweep.h"
#include "age.h"
#include "audit.h"
#include "cache.h"
#include "history.h"
#include "runtime/pool/pool.h"
#include "base/clock.h"

static _Atomic uint64_t asked, done; /* sweeps; asked > done: there is work */

static _Atomic bool dead_asked; /* by the next one */

struct sweep {
    uint32_t noted;
    bool dead; /* what is dead in dictionaries goes as well */
    bool died; /* and some did */
    uint64_t now;
};

/* By its age alone: nothing is noted that would push what a verb did out of memory. */
static void consider_dead(struct sweep *sweep, struct function *f, struct entry *e)
{
    if (!f->dictionary || age_state(f, e, sweep->now) != ENTRY_DEAD)
        return;
    sweep->died = true;
    cache_owe(f, entry_bytes(e));
    cache_drop(f, e);
}

static void consider(struct entry *e, void *cookie)
{
    struct sweep *sweep = cookie;
    struct function *f = function_of_entry(e);
    if (entry_is_of(e, atomic_load(&f->identity))) {
        if (sweep->dead)
            consider_dead(sweep, f, e);
        return;
    }
    if (sweep->noted++ >= HISTORY_SLOTS) {
        cache_owe(f, entry_bytes(e));
        cache_drop(f, e);
        return;
    }
    /* More than that would only push each other out of memory. */
    audit_resume(atomic_load(&f->invalidated_by));
    cache_drop_noted(f, e);
    audit_resume(0);
}

static void sweep_shard(struct sweep *sweep, uint32_t shard)
{
    struct table_walk place = {0};
    bool more = true;
    while (more) {
        table_lock(&cache_table, shard);
        more = table_each_some(&cache_table, shard, &place, consider, sweep);
        table_unlock(&cache_table, shard);
        epoch_tidy();
    }
    cache_tidy(shard);
}

bool sweep_wanted(void)
{
    return atomic_load(&asked) > atomic_load(&done);
}

bool sweep_some(void)
{
    uint64_t now = atomic_load(&asked);
    if (now <= atomic_load(&done))
        return false;
    struct sweep sweep = {.dead = atomic_exchange(&dead_asked, false), .now = clock_now()};
    for (uint32_t s = 0; s < TABLE_SHARDS; s++)
        sweep_shard(&sweep, s);
    if (sweep.died)
        history_forget();
    uint64_t seen = atomic_load(&done);
    while (seen < now && !atomic_compare_exchange_weak(&done, &seen, now))
        continue;
    pool_swept();
    return sweep_wanted();
}

void sweep_now(void)
{
    atomic_fetch_add(&asked, 1);
    while (sweep_some())
        continue;
}

void sweep_ask_dead(void)
{
    atomic_store(&dead_asked, true);
    sweep_ask();
}

void sweep_ask(void)
{
    atomic_fetch_add(&asked, 1);
    if (cache_held() <= SWEEP_LITTLE || !pool_chore())
        sweep_some();
}
