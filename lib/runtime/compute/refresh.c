#include "refresh.h"
#include "compute.h"
#include "custom_key.h"
#include "publish.h"
#include "result.h"
#include "shadow.h"
#include "warm.h"
#include "runtime/cache/lease.h"
#include "runtime/cache/loan.h"
#include "runtime/registry/door.h"
#include "runtime/registry/home.h"
#include "runtime/registry/mode.h"
#include "runtime/pool/pool.h"
#include "core/fence.h"
#include "base/clock.h"

#include <string.h>

void refresh_shed(struct entry *e, uint64_t lease, struct flight *fl)
{
    struct function *f = function_of_entry(e);
    uint64_t now = clock_now();
    uint32_t shard = table_shard_of(entry_hash(e));
    lease_return(e, lease, now, 0);
    table_lock(&cache_table, shard);
    warm_again(f, e, clock_add(now, atomic_load(&f->settings.retry)));
    if (fl != NULL)
        flight_unlist(fl);
    table_unlock(&cache_table, shard);
    if (fl == NULL)
        return;
    flight_settle(fl, FLIGHT_ABANDONED, NULL);
    flight_unref(fl);
}

/* What the body left, in the room that goes with the flight. */
static HAS_CANARY void discard(struct thread *t, struct flight *fl, void *result)
{
    volatile uint64_t canary;
    struct loan *loan = loan_begin(t, &canary);
    if (loan != NULL)
        loan_besides(loan, fl, flight_back);
    result_discard(fl->function, result);
    if (loan != NULL)
        loan_end(loan);
    else
        flight_unref(fl);
}

void refresh_run(struct entry *e, uint64_t lease, struct flight *fl)
{
    struct visit visit;
    struct thread *t = door_open(&visit) ? visit.thread : NULL;
    struct function *f = function_of_entry(e);
    /* A body never runs code that may be unloaded under it. */
    if (t == NULL || !home_keep(f)) {
        refresh_shed(e, lease, fl);
        return;
    }
    uint32_t shard = table_shard_of(entry_hash(e));
    struct key key = entry_key(e);
    struct swrcache_arg args[KEY_MAX_PARAMS + 1];
    struct key encoded = custom_key_args(f, e);
    size_t args_room = bits_up(key_room(&f->args, &encoded), f->bits.result_align);
    t->worker = true;
    door_begin(&visit);
    unsigned char *room = os_alloc(args_room + f->site->result_size + f->bits.align);
    table_lock(&cache_table, shard);
    uint64_t identity = function_identity_of(e);
    if (fl == NULL && room != NULL && table_holds(&cache_table, e) &&
        flight_live(identity, &key, clock_now()) == NULL && identity == atomic_load(&f->identity))
        fl = flight_open(f, identity, &key, true);
    else if (fl != NULL) {
        fl->began = fence_now();
        fl->started = clock_now();
    }
    if (fl != NULL) {
        fl->owner = t;
        fl->tid = t->tid;
    }
    table_unlock(&cache_table, shard);
    if (fl == NULL || room == NULL) {
        refresh_shed(e, lease, fl);
        os_free(room);
        door_leave(&visit);
        return;
    }
    unsigned char *first = bits_place(room, f->bits.align), *result = first + args_room;
    memset(result, 0, f->site->result_size);
    key_decode(&f->args, &encoded, entry_opaque(e), first, args);
    if (mode_kind(mode_of(f)) == FUNCTION_SHADOW)
        shadow_prefill(f, e, args);
    fl->room = room;
    struct body body = {.thread = t, .args = args, .result = result, .catches = true, .keeps = true};
    bool whole = compute_body(fl, &body), failed;
    pool_park();
    if (whole) {
        /* A body that threw is a failed refresh. */
        fl->failed |= body.threw;
        struct entry *fresh = compute_publish(f, fl, args, result, body.error, &failed);
        if (fl->before != NULL)
            shadow_refreshed(f, fl, fresh, args);
        if (!failed)
            thread_count(t, f, COUNTER_refreshes);
        if (fresh != NULL)
            cache_unref(fresh);
        discard(t, fl, result);
    }
    door_leave(&visit);
}
