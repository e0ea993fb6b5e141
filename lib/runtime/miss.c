#include "miss.h"
#include "batch.h"
#include "call.h"
#include "compute.h"
#include "lease.h"
#include "outcome.h"
#include "pool.h"
#include "result.h"
#include "wait.h"
#include "base/clock.h"

#include <errno.h>

/* The caller gets what was just computed. */
static void hand_out(struct thread *t, struct function *f, struct flight *fl, struct entry *e, void *result,
                     int error)
{
    if (e != NULL && function_holds_object(f)) {
        t->busy = false;
        result_share_object(f, result);
        t->busy = true;
    }
    outcome_note(t, f, COUNTER_misses, SWR_MISS, NULL, 0);
    if (e != NULL)
        cache_unref(e);
    flight_unref(fl);
    t->busy = false;
    errno = error;
}

void miss_run(struct thread *t, struct function *f, const struct swrcache_arg *args, void *result,
              const struct key *key, int saved)
{
    uint32_t shard = table_shard_of(key->hash);
    uint64_t deadline = clock_add(clock_now(), atomic_load(&f->settings.wait));
    struct entry *fallback = NULL;
    struct flight *fl = NULL;
    uint64_t began = mark_now();
    bool overtime = false, asked = false; /* asked: the pool computes because of this call */
    compute_forget_left(t, (uintptr_t)__builtin_frame_address(0));
    for (;;) {
        table_lock(&cache_table, shard);
        uint64_t now = clock_now(), identity = atomic_load(&f->identity), lease = 0;
        /* After the identity: who finds it raised by a batch sees that the batch is not through yet. */
        if (unlikely(atomic_load(&batch_committing) != 0)) {
            table_unlock(&cache_table, shard);
            if (batch_wait())
                continue;
            table_lock(&cache_table, shard);
        }
        struct entry *e = table_find(&cache_table, identity, key);
        enum entry_state state = e != NULL ? entry_state(e, now) : ENTRY_DEAD;
        if (fallback != NULL) {
            cache_unref(fallback);
            fallback = NULL;
        }
        if (state == ENTRY_FRESH || state == ENTRY_STALE) {
            cache_ref(e);
            table_unlock(&cache_table, shard);
            if (outcome_serve(t, f, e, args, result, state == ENTRY_FRESH ? COUNTER_hits : COUNTER_stale_hits,
                              state == ENTRY_FRESH ? SWR_HIT : SWR_STALE_HIT, saved)) {
                t->busy = false;
                return;
            }
            outcome_alone(t, f, args, result);
            return;
        }
        if (state == ENTRY_FALLBACK) {
            fallback = e;
            cache_ref(e);
        }
        struct flight *other = flight_live(identity, key, now);
        if (other != NULL && other->owner != NULL && other->owner == t) {
            /* The body calls itself with the same arguments. */
            table_unlock(&cache_table, shard);
            break;
        }
        if (other != NULL && overtime && !other->refresh) {
            other->fenced = true;
            flight_unlist(other);
            other = NULL;
        }
        if (other != NULL && !t->worker && !overtime) {
            atomic_fetch_add(&other->refs, 1);
            table_unlock(&cache_table, shard);
            bool in_time = wait_for_flight(t, other, deadline);
            /* What it stood on was invalidated before this call began: it is older than it may be. */
            bool older = in_time && other->outdated != 0 && other->began < began;
            if (in_time && !older && atomic_load(&other->state) == FLIGHT_DONE && other->result != NULL) {
                struct entry *r = other->result;
                bool use_old = fallback != NULL && (atomic_load(&r->flags) & ENTRY_FAILED);
                struct entry *use = use_old ? fallback : r;
                cache_ref(use);
                bool served = outcome_serve(t, f, use, args, result,
                                            use_old ? COUNTER_fallback_hits
                                            : asked ? COUNTER_misses
                                                    : COUNTER_coalesced,
                                            use_old ? SWR_FALLBACK_HIT
                                            : asked ? SWR_MISS
                                                    : SWR_COALESCED,
                                            saved);
                flight_unref(other);
                if (fallback != NULL)
                    cache_unref(fallback);
                if (served)
                    t->busy = false;
                else
                    outcome_alone(t, f, args, result);
                return;
            }
            bool lost = in_time;
            flight_unref(other);
            if (lost)
                continue;
            overtime = true;
            if (fallback != NULL)
                break;
            continue;
        }
        if (other != NULL) {
            table_unlock(&cache_table, shard);
            break;
        }
        if (fallback != NULL && !overtime) {
            /* Past the stale window: the pool computes, we wait; while it is in back-off, the old value. */
            if (!lease_due(atomic_load(&e->next_refresh), now)) {
                table_unlock(&cache_table, shard);
                break;
            }
            bool by_pool = f->annotated.refresh != SWR_REFRESH_CALLER && !t->worker &&
                           lease_claim(e, now, clock_add(now, LEASE_NS), &lease);
            fl = by_pool ? flight_open(f, identity, key, true) : NULL;
            if (fl != NULL && pool_submit(e, lease, fl)) {
                flight_unref(fl);
                fl = NULL;
                asked = true;
                table_unlock(&cache_table, shard);
                continue;
            }
            if (by_pool)
                lease_return(e, lease, 0);
        }
        if (fl == NULL)
            fl = flight_open(f, identity, key, false);
        if (fl != NULL)
            fl->owner = t;
        table_unlock(&cache_table, shard);
        break;
    }
    if (fl == NULL) {
        if (fallback == NULL ||
            !outcome_serve(t, f, fallback, args, result, COUNTER_fallback_hits, SWR_FALLBACK_HIT, saved)) {
            outcome_alone(t, f, args, result);
            return;
        }
        t->busy = false;
        return;
    }
    bool failed;
    struct entry *e = compute_run(t, f, fl, args, result, &failed);
    int error = errno;
    if (atomic_load(call_alive) == CALL_DEAD) {
        t->busy = false;
        return;
    }
    if (failed && fallback != NULL) {
        result_discard(f, result);
        if (outcome_serve(t, f, fallback, args, result, COUNTER_fallback_hits, SWR_FALLBACK_HIT, saved)) {
            if (e != NULL)
                cache_unref(e);
            flight_unref(fl);
            t->busy = false;
            return;
        }
    } else if (fallback != NULL) {
        cache_unref(fallback);
    }
    hand_out(t, f, fl, e, result, error);
}

bool miss_forced(struct thread *t, struct function *f, const struct swrcache_arg *args, void *result,
                 const struct key *key)
{
    uint32_t shard = table_shard_of(key->hash);
    compute_forget_left(t, (uintptr_t)__builtin_frame_address(0));
    table_lock(&cache_table, shard);
    uint64_t identity = atomic_load(&f->identity);
    struct flight *other = flight_find(identity, key), *fl = NULL;
    if (other == NULL || other->owner == NULL || other->owner != t) {
        /* What is on its way is older: it goes to those who wait for it, and nobody joins it any more. */
        if (other != NULL) {
            other->fenced = true;
            flight_unlist(other);
        }
        fl = flight_open(f, identity, key, false);
    }
    if (fl != NULL)
        fl->owner = t;
    table_unlock(&cache_table, shard);
    if (fl == NULL) {
        outcome_alone(t, f, args, result);
        return true;
    }
    bool failed;
    struct entry *e = compute_run(t, f, fl, args, result, &failed);
    hand_out(t, f, fl, e, result, errno);
    return !failed;
}
