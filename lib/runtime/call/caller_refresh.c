#include "caller_refresh.h"
#include "runtime/compute/compute.h"
#include "runtime/compute/custom_key.h"
#include "runtime/compute/guard.h"
#include "runtime/compute/result.h"
#include "runtime/compute/shadow.h"
#include "runtime/compute/warm.h"
#include "runtime/cache/lease.h"
#include "runtime/registry/door.h"
#include "runtime/registry/mode.h"
#include "runtime/pool/pool.h"
#include "base/clock.h"
#include "base/sync.h"

#include <errno.h>
#include <string.h>

void caller_refresh(const struct call *c, struct entry *e, uint64_t lease)
{
    struct thread *t = c->t;
    struct function *f = c->f;
    uint32_t shard = table_shard_of(entry_hash(e));
    struct key key = entry_key(e);
    frame_forget_left(t, (uintptr_t)__builtin_frame_address(0));
    table_lock(&cache_table, shard);
    struct flight *fl = NULL;
    uint64_t identity = function_identity_of(e);
    if (table_holds(&cache_table, e) && flight_live(identity, &key, clock_now()) == NULL)
        fl = flight_open(f, identity, &key, true);
    if (fl != NULL) {
        fl->owner = t;
        fl->fallback = e; /* given back with it should the body never return */
    }
    table_unlock(&cache_table, shard);
    if (fl == NULL) {
        lease_return(e, lease, clock_now(), 0);
        if (!outcome_serve(c, e, SWR_STALE_HIT))
            outcome_alone(c);
        return;
    }
    struct entry *fresh;
    enum computed computed = compute_run(t, f, fl, c->args, c->result, &fresh);
    int error = errno;
    if (computed == COMPUTED_LOST)
        return;
    if (fl->before != NULL)
        shadow_refreshed(f, fl, fresh, c->args);
    fl->fallback = NULL;
    if (computed == COMPUTED_FAILED) {
        if (fresh != NULL)
            cache_unref(fresh);
        flight_unref(fl);
        if (!outcome_serve_instead(c, e, SWR_STALE_HIT))
            outcome_alone(c);
        return;
    }
    thread_count(t, f, COUNTER_refreshes);
    cache_unref(e);
    outcome_share(c, fresh, fl);
    outcome_note(c, SWR_MISS, NULL, 0);
    errno = error;
}
