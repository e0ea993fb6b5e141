#include "ask.h"
#include "runtime/pool/pool.h"

bool ask_refresh(struct entry *e, uint64_t lease, struct flight *fl)
{
    cache_ref(e);
    if (fl != NULL)
        atomic_fetch_add(&fl->refs, 1);
    struct job job = {.entry = e, .flight = fl, .lease = lease, .line = entry_function(e)};
    if (pool_submit(&job, entry_hits(e), entry_cost_us(e)))
        return true;
    if (fl != NULL)
        flight_unref(fl);
    cache_unref(e);
    return false;
}

bool ask_refresh_now(struct entry *e, uint64_t lease)
{
    cache_ref(e);
    struct job job = {.entry = e, .lease = lease, .line = entry_function(e)};
    if (pool_order(&job, entry_hits(e), entry_cost_us(e)))
        return true;
    cache_unref(e);
    return false;
}

void ask_timer(struct entry *e, uint64_t due)
{
    cache_ref(e);
    if (!pool_schedule(e, due))
        cache_unref(e);
}
