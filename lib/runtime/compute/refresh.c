#include "refresh.h"
#include "compute.h"
#include "custom_key.h"
#include "guard.h"
#include "result.h"
#include "shadow.h"
#include "warm.h"
#include "runtime/cache/lease.h"
#include "runtime/registry/mode.h"
#include "runtime/pool/pool.h"
#include "base/alive.h"
#include "base/clock.h"
#include "base/sync.h"

#include <errno.h>
#include <string.h>

/* The frame that is marked stays on the real stack. */
__attribute__((no_sanitize("address"))) void refresh_run(struct entry *e, uint64_t lease, struct flight *fl)
{
    struct thread *t = thread_current != NULL ? thread_current : thread_join();
    struct function *f = function_of_entry(e);
    uint32_t shard = table_shard_of(entry_hash(e));
    struct key key = entry_key(e);
    struct swrcache_arg args[KEY_MAX_PARAMS + 1];
    struct key encoded = custom_key_args(f, e);
    size_t args_room = (key_room(&f->args, &encoded) + 15) & ~(size_t)15;
    unsigned char *room = t == NULL ? NULL : os_alloc_aligned(16, args_room + f->site->result_size);
    table_lock(&cache_table, shard);
    uint64_t identity = function_identity_of(e);
    if (fl == NULL && room != NULL && table_holds(&cache_table, e) &&
        flight_live(identity, &key, clock_now()) == NULL && identity == atomic_load(&f->identity))
        fl = flight_open(f, identity, &key, true);
    else if (fl != NULL) {
        fl->began = mark_now();
        fl->started = clock_now();
    }
    if (fl != NULL) {
        fl->owner = t;
        fl->tid = t != NULL ? t->tid : 0;
        if (room == NULL)
            flight_unlist(fl);
    }
    table_unlock(&cache_table, shard);
    if (fl == NULL || room == NULL) {
        uint64_t now = clock_now();
        lease_return(e, lease, now, 0);
        warm_again(f, e, clock_add(now, atomic_load(&f->settings.retry)));
        if (fl != NULL) {
            flight_settle(fl, FLIGHT_ABANDONED, NULL);
            flight_unref(fl);
        }
        os_free(room);
        return;
    }
    unsigned char *result = room + args_room;
    memset(result, 0, f->site->result_size);
    key_decode(&f->args, &encoded, entry_opaque(e), room, args);
    if (mode_kind(mode_of(f)) == FUNCTION_SHADOW)
        shadow_prefill(f, e, args);
    t->worker = true;
    volatile uint64_t mark;
    t->lengthy = room; /* given back should the body end the thread */
    compute_enter(t, fl, (uintptr_t)__builtin_frame_address(0), &mark);
    SYNC_POINT("leader.before_call");
    errno = 0;
    if (!guard_call_catching(f->site->run, args, result)) {
        /* The body threw: a failed refresh. */
        errno = 0;
        fl->failed = true;
    }
    int error = errno;
    SYNC_POINT("leader.after_call");
    pool_park();
    compute_leave(t, fl);
    t->lengthy = NULL;
    bool failed;
    struct entry *fresh = compute_publish(f, fl, args, result, error, &failed);
    if (fl->before != NULL)
        shadow_refreshed(f, fl->before, fresh, args);
    if (!failed)
        thread_count(t, f, COUNTER_refreshes);
    result_discard(f, result);
    if (fresh != NULL)
        cache_unref(fresh);
    flight_unref(fl);
    os_free(room);
    t->busy = false;
}
