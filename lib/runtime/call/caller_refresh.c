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
    fl->fallback = NULL;
    bool failed = computed == COMPUTED_FAILED;
    if (fl->before != NULL)
        shadow_refreshed(f, fl->before, fresh, c->args);
    flight_unref(fl);
    if (failed)
        result_discard(f, c->result);
    if (!failed) {
        thread_count(t, f, COUNTER_refreshes);
        if (fresh != NULL && function_holds_object(f)) {
            struct outside outside = door_out();
            result_share_object(f, c->result);
            door_in(&outside);
        }
        outcome_note(c, SWR_MISS, NULL, 0);
        cache_unref(e);
        errno = error;
    } else if (!outcome_serve(c, e, SWR_STALE_HIT)) {
        outcome_alone(c);
    }
    if (fresh != NULL)
        cache_unref(fresh);
}
