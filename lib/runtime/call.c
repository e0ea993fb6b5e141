#define _GNU_SOURCE
#include "call.h"
#include "guard.h"
#include "history.h"
#include "lease.h"
#include "pool.h"
#include "result.h"
#include "thread.h"
#include "base/clock.h"
#include "base/sync.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

_Atomic uint32_t *call_alive;
_Atomic uint32_t lease_generation;

static struct lock wait_lock; /* who waits for whom: thread.waiting_for */

void call_fork_release(void)
{
    lock_reset(&wait_lock);
}

/* ---- small parts ---- */

static void note(struct thread *t, struct function *f, enum counter c, enum swrcache_outcome outcome,
                 struct entry *e, uint64_t now)
{
    thread_count(t, f, c);
    t->info.outcome = outcome;
    t->info.age_ms = e != NULL && now > e->born ? now - e->born : 0; /* ns: thread.h */
    t->info.refresh_errno = e != NULL ? atomic_load_explicit(&e->refresh_errno, memory_order_relaxed) : 0;
}

static void bypass(struct thread *t, struct function *f, struct swrcache_site *site,
                   const struct swrcache_arg *args, void *result)
{
    if (t == NULL) {
        if (f != NULL)
            atomic_fetch_add(&f->counts[COUNTER_bypasses], 1);
        site->run(args, result);
        return;
    }
    /* Counting for a thread may allocate: not where the allocator's lock may have been left taken. */
    if (f != NULL && !t->busy && atomic_load_explicit(call_alive, memory_order_relaxed) != 0)
        note(t, f, COUNTER_bypasses, SWR_BYPASS, NULL, 0);
    else if (f != NULL)
        atomic_fetch_add(&f->counts[COUNTER_bypasses], 1);
    site->run(args, result);
    t->info = (struct swrcache_info){.outcome = SWR_BYPASS};
}

static uint64_t now_of(struct function *f)
{
    return atomic_load_explicit(&f->precise, memory_order_relaxed) ? clock_now() : clock_coarse();
}

/* The key of a call, on the caller's stack or in the thread's scratch. False: hand the call on. */
static bool make_key(struct thread *t, struct function *f, const struct swrcache_arg *args,
                     unsigned char *stack, struct key *key)
{
    if (f->shape.plain == KEY_OF_WORD) {
        memcpy(stack, args[0].data, 8);
        key->bytes = stack;
        key->len = 8;
    } else {
        ptrdiff_t size = key_size(&f->shape, args);
        if (size < 0)
            return false;
        if (size > KEY_ON_STACK) {
            if ((size_t)size > t->scratch_size) {
                os_free(t->scratch);
                t->scratch = os_alloc((size_t)size * 2);
                t->scratch_size = t->scratch ? (size_t)size * 2 : 0;
            }
            stack = t->scratch;
        }
        if (stack == NULL || (size = key_encode(&f->shape, args, stack, (size_t)size)) < 0)
            return false;
        key->bytes = stack;
        key->len = (size_t)size;
    }
    key->hash = key_hash(&f->shape, key->bytes, key->len);
    return true;
}

static uint64_t back_off(struct function *f, uint32_t failures)
{
    uint64_t wait = atomic_load(&f->settings.retry), most = atomic_load(&f->settings.retry_max);
    for (uint32_t i = 1; i < failures && wait < most; i++)
        wait = clock_add(wait, wait);
    if (wait > most)
        wait = most;
    uint64_t spread = wait / 100 * atomic_load(&f->settings.jitter_pct);
    return wait - (spread ? os_random() % (spread + 1) : 0);
}

/* ---- computing ---- */

static void set_times(struct function *f, struct flight *fl, struct entry *e, bool failed)
{
    struct settings *s = &f->settings;
    uint64_t lag = clock_lag();
    e->born = fl->started;
    if (failed) {
        uint64_t until = clock_add(e->born, atomic_load(&s->negative));
        atomic_store(&e->fresh_until, until);
        atomic_store(&e->stale_until, until);
        atomic_store(&e->dead_until, until);
        return;
    }
    uint64_t ttl = atomic_load(&s->ttl), stale = atomic_load(&s->stale);
    if (fl->own_ttl) {
        ttl = fl->ttl_ms == SWR_FOREVER ? CLOCK_NEVER : (uint64_t)fl->ttl_ms * NS_PER_MS;
        stale = fl->stale_ms == SWR_FOREVER ? CLOCK_NEVER : (uint64_t)fl->stale_ms * NS_PER_MS;
        atomic_fetch_or(&e->flags, ENTRY_OWN_TTL);
    }
    uint64_t end = clock_add(e->born, ttl), spread = ttl / 100 * atomic_load(&s->jitter_pct);
    uint64_t fresh = end;
    if (ttl != CLOCK_NEVER && spread != 0)
        fresh -= os_random() % (spread + 1);
    if (fresh != CLOCK_NEVER && fresh > e->born + lag && !atomic_load(&f->precise))
        fresh -= lag;
    uint64_t stale_until = clock_add(end, stale);
    uint64_t dead = clock_add(end, atomic_load(&s->stale_if_error));
    if (stale == 0)
        stale_until = fresh;
    else if (stale_until != CLOCK_NEVER && stale_until > fresh + lag && !atomic_load(&f->precise))
        stale_until -= lag;
    if (dead < stale_until || atomic_load(&s->stale_if_error) == 0)
        dead = stale_until;
    atomic_store(&e->fresh_until, fresh);
    atomic_store(&e->stale_until, stale_until);
    atomic_store(&e->dead_until, dead);
}

static void carry_over(struct entry *old, struct entry *e)
{
    atomic_store(&e->hits, atomic_load(&old->hits));
    atomic_store(&e->warm_hits, atomic_load(&old->warm_hits));
    atomic_store(&e->idle_refreshes, atomic_load(&old->idle_refreshes));
}

/* What becomes of a computation that ended: stored or not, waiters answered. Gives back a referenced entry.
 */
static struct entry *publish(struct function *f, struct flight *fl, const struct swrcache_arg *args,
                             const void *result, int error, bool *failed_out)
{
    bool failed = fl->failed || result_failed(f, result), stored = false;
    uint64_t now = clock_now();
    struct entry *e = result_keep(f, fl->identity, &fl->key, args, result);
    if (e != NULL) {
        set_times(f, fl, e, failed);
        e->cost_us = now - fl->started > UINT32_MAX * UINT64_C(1000) ? UINT32_MAX
                                                                     : (uint32_t)((now - fl->started) / 1000);
        if (failed) {
            atomic_fetch_or(&e->flags, ENTRY_FAILED);
            e->result_errno = (uint16_t)error;
        }
    }
    *failed_out = failed;
    atomic_fetch_add(&f->cost_ns_total, now - fl->started);
    atomic_fetch_add(&f->computed, 1);
    if (fl->refresh)
        SYNC_POINT("refresh.before_publish");
    uint32_t shard = table_shard_of(fl->key.hash);
    table_lock(&cache_table, shard);
    struct entry *old = table_find(&cache_table, fl->identity, &fl->key);
    bool kept = !fl->skip && !fl->fenced && fl->identity == atomic_load(&f->identity);
    bool old_good =
        old != NULL && entry_state(old, now) != ENTRY_DEAD && !(atomic_load(&old->flags) & ENTRY_FAILED);
    if (failed && old_good && !fl->fenced) {
        uint8_t failures = atomic_load(&old->failures);
        failures += failures < UINT8_MAX;
        atomic_store(&old->failures, failures);
        atomic_store(&old->refresh_errno, (uint16_t)error);
        atomic_store(&old->next_refresh, lease_word(clock_add(now, back_off(f, failures)), false));
    } else if (e != NULL && kept && !(old != NULL && old->born > e->born) &&
               (!failed || atomic_load(&f->settings.negative) != 0)) {
        if (old != NULL)
            carry_over(old, e);
        if (fl->expired && !failed) {
            atomic_store(&e->fresh_until, 0);
            atomic_fetch_or(&e->flags, ENTRY_EXPIRED);
        }
        stored = cache_store(f, old, e);
    } else if (old_good) {
        atomic_store(&old->next_refresh, lease_word(clock_add(now, back_off(f, 1)), false));
    }
    flight_unlist(fl);
    table_unlock(&cache_table, shard);
    flight_settle(fl, FLIGHT_DONE, e);
    if (!stored)
        history_not_stored(fl, e, failed, error);
    if (stored) {
        uint64_t warm = atomic_load(&f->settings.keep_warm);
        if (warm != 0 && !failed)
            pool_schedule(e, clock_add(e->born, warm));
        cache_trim(f);
    }
    struct thread *t = thread_current;
    if (t != NULL && failed)
        thread_count(t, f, COUNTER_failures);
    else if (t != NULL && !stored)
        thread_count(t, f, COUNTER_not_stored);
    return e;
}

static void leave_flight(struct thread *t, struct flight *fl)
{
    if (t->top == fl)
        t->top = fl->outer;
}

/* The body left without returning: by exception, cancellation, pthread_exit. Runs inside the unwinder. */
void call_abandon(void)
{
    struct thread *t = thread_current;
    struct flight *fl = t != NULL ? t->top : NULL;
    if (fl == NULL)
        return;
    t->top = fl->outer;
    t->busy = false;
    uint32_t shard = table_shard_of(fl->key.hash);
    table_lock(&cache_table, shard);
    struct entry *old = table_find(&cache_table, fl->identity, &fl->key);
    if (old != NULL)
        atomic_store(&old->next_refresh, lease_word(0, false));
    flight_unlist(fl);
    table_unlock(&cache_table, shard);
    flight_settle(fl, FLIGHT_ABANDONED, NULL);
    thread_count(t, fl->function, COUNTER_failures);
    flight_unref(fl);
}

/* Flights whose frames lie at or below the current one were left by longjmp: an outer one lies above. */
static void forget_abandoned(struct thread *t, uintptr_t frame)
{
    while (t->top != NULL && t->top->frame <= frame) {
        t->busy = false;
        call_abandon();
    }
    t->busy = true;
}

/* Runs the body for a flight in the caller's thread. Returns a referenced entry, or NULL. */
static struct entry *compute(struct thread *t, struct function *f, struct flight *fl,
                             const struct swrcache_arg *args, void *result, bool *failed)
{
    fl->outer = t->top;
    fl->owner = t;
    fl->tid = t->tid;
    /* One below: a later call of the same depth, after a longjmp, is not inside this one. */
    fl->frame = (uintptr_t)__builtin_frame_address(0) - 1;
    t->top = fl;
    t->busy = false;
    SYNC_POINT("leader.before_call");
    guard_call(f->site->run, args, result);
    int error = errno;
    SYNC_POINT("leader.after_call");
    t->busy = true;
    leave_flight(t, fl);
    struct entry *e = publish(f, fl, args, result, error, failed);
    errno = error;
    return e;
}

/* ---- waiting ---- */

static bool would_deadlock(struct thread *t, struct flight *fl)
{
    for (int depth = 0; fl != NULL && depth < 1000; depth++) {
        struct thread *owner = fl->owner;
        if (owner == NULL)
            return false;
        if (owner == t)
            return true;
        fl = atomic_load(&owner->waiting_for);
    }
    return false;
}

struct waiting {
    struct flight *flight;
    uint64_t deadline;
    bool in_time;
};

static void wait_body(const struct swrcache_arg *args, void *cookie)
{
    struct waiting *w = cookie;
    (void)args;
    while (atomic_load_explicit(&w->flight->state, memory_order_acquire) == FLIGHT_RUNNING) {
        if (clock_now() >= w->deadline) {
            w->in_time = false;
            return;
        }
        os_futex_wait(&w->flight->state, FLIGHT_RUNNING, clock_sleep_until(w->deadline));
    }
    w->in_time = true;
}

/* False: not in time, or waiting would close a circle. The caller holds a reference to `fl`. */
static bool wait_for(struct thread *t, struct flight *fl, uint64_t deadline)
{
    struct waiting w = {fl, deadline, false};
    lock_take(&wait_lock);
    bool circle = would_deadlock(t, fl);
    if (!circle)
        atomic_store(&t->waiting_for, fl);
    lock_give(&wait_lock);
    if (circle)
        return false;
    wait_body(NULL, &w);
    lock_take(&wait_lock);
    atomic_store(&t->waiting_for, NULL);
    lock_give(&wait_lock);
    return w.in_time;
}

/* ---- the slow half of a call ---- */

/* Serves `e` (referenced; the reference is given back). False: no memory. */
static bool serve(struct thread *t, struct function *f, struct entry *e, const struct swrcache_arg *args,
                  void *result, enum counter c, enum swrcache_outcome outcome, int saved)
{
    t->busy = false;
    bool given = result_give(f, e, args, result);
    t->busy = true;
    if (given) {
        note(t, f, c, outcome, e, clock_now());
        errno = atomic_load(&e->flags) & ENTRY_FAILED ? e->result_errno : saved;
    }
    cache_unref(e);
    return given;
}

static void release_object(struct function *f, void *result)
{
    /* A plain call's object went to the caller as it is; here a copy goes and the master stays. */
    void *master;
    memcpy(&master, result, sizeof master);
    if (master != NULL)
        master = f->site->copy(master);
    memcpy(result, &master, sizeof master);
}

static void run_alone(struct thread *t, struct function *f, const struct swrcache_arg *args, void *result)
{
    t->busy = false;
    bypass(t, f, f->site, args, result);
}

static void miss(struct thread *t, struct function *f, const struct swrcache_arg *args, void *result,
                 const struct key *key, int saved)
{
    uint32_t shard = table_shard_of(key->hash);
    uint64_t deadline = clock_add(clock_now(), atomic_load(&f->settings.wait));
    struct entry *fallback = NULL;
    struct flight *fl = NULL;
    bool overtime = false, asked = false; /* asked: the pool computes because of this call */
    forget_abandoned(t, (uintptr_t)__builtin_frame_address(0));
    for (;;) {
        table_lock(&cache_table, shard);
        uint64_t now = clock_now(), identity = atomic_load(&f->identity), lease = 0;
        struct entry *e = table_find(&cache_table, identity, key);
        enum entry_state state = e != NULL ? entry_state(e, now) : ENTRY_DEAD;
        if (fallback != NULL) {
            cache_unref(fallback);
            fallback = NULL;
        }
        if (state == ENTRY_FRESH || state == ENTRY_STALE) {
            cache_ref(e);
            table_unlock(&cache_table, shard);
            if (serve(t, f, e, args, result, state == ENTRY_FRESH ? COUNTER_hits : COUNTER_stale_hits,
                      state == ENTRY_FRESH ? SWR_HIT : SWR_STALE_HIT, saved)) {
                t->busy = false;
                return;
            }
            run_alone(t, f, args, result);
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
            bool in_time = wait_for(t, other, deadline);
            if (in_time && atomic_load(&other->state) == FLIGHT_DONE && other->result != NULL) {
                struct entry *r = other->result;
                bool use_old = fallback != NULL && (atomic_load(&r->flags) & ENTRY_FAILED);
                struct entry *use = use_old ? fallback : r;
                cache_ref(use);
                bool served = serve(t, f, use, args, result,
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
                    run_alone(t, f, args, result);
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
            !serve(t, f, fallback, args, result, COUNTER_fallback_hits, SWR_FALLBACK_HIT, saved)) {
            run_alone(t, f, args, result);
            return;
        }
        t->busy = false;
        return;
    }
    bool failed;
    struct entry *e = compute(t, f, fl, args, result, &failed);
    int error = errno;
    if (failed && fallback != NULL) {
        if (f->site->form == SWRCACHE_FORM_STRING) {
            void *unused;
            memcpy(&unused, result, sizeof unused);
            free(unused);
        }
        if (serve(t, f, fallback, args, result, COUNTER_fallback_hits, SWR_FALLBACK_HIT, saved)) {
            if (e != NULL)
                cache_unref(e);
            flight_unref(fl);
            t->busy = false;
            return;
        }
    } else if (fallback != NULL) {
        cache_unref(fallback);
    }
    if (e != NULL && f->site->form == SWRCACHE_FORM_OBJECT) {
        t->busy = false;
        release_object(f, result);
        t->busy = true;
    }
    note(t, f, COUNTER_misses, SWR_MISS, NULL, 0);
    if (e != NULL)
        cache_unref(e);
    flight_unref(fl);
    t->busy = false;
    errno = error;
}

/* SWR_REFRESH_CALLER: the elected caller computes in its own thread. Holds a reference to `e`. */
static void refresh_here(struct thread *t, struct function *f, struct entry *e, uint64_t lease,
                         const struct swrcache_arg *args, void *result, int saved)
{
    uint32_t shard = table_shard_of(e->hash);
    struct key key = entry_key(e);
    forget_abandoned(t, (uintptr_t)__builtin_frame_address(0));
    table_lock(&cache_table, shard);
    struct flight *fl = NULL;
    if (table_holds(&cache_table, e) && flight_live(e->identity, &key, clock_now()) == NULL)
        fl = flight_open(f, e->identity, &key, true);
    if (fl != NULL)
        fl->owner = t;
    table_unlock(&cache_table, shard);
    if (fl == NULL) {
        lease_return(e, lease, 0);
        if (!serve(t, f, e, args, result, COUNTER_stale_hits, SWR_STALE_HIT, saved))
            run_alone(t, f, args, result);
        t->busy = false;
        return;
    }
    bool failed;
    struct entry *fresh = compute(t, f, fl, args, result, &failed);
    int error = errno;
    flight_unref(fl);
    if (failed && f->site->form == SWRCACHE_FORM_STRING) {
        void *unused;
        memcpy(&unused, result, sizeof unused);
        free(unused);
    }
    if (!failed) {
        thread_count(t, f, COUNTER_refreshes);
        if (fresh != NULL && f->site->form == SWRCACHE_FORM_OBJECT)
            release_object(f, result);
        note(t, f, COUNTER_misses, SWR_MISS, NULL, 0);
        cache_unref(e);
        errno = error;
    } else if (!serve(t, f, e, args, result, COUNTER_stale_hits, SWR_STALE_HIT, saved)) {
        run_alone(t, f, args, result);
    }
    if (fresh != NULL)
        cache_unref(fresh);
    t->busy = false;
}

/* ---- the call ---- */

void call_run(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    struct function *f = __atomic_load_n((struct function **)&site->function, __ATOMIC_ACQUIRE);
    struct thread *t = thread_current;
    if (unlikely(f == NULL))
        f = function_of(site);
    if (unlikely(f == NULL || atomic_load_explicit(call_alive, memory_order_relaxed) == 0 ||
                 (t != NULL && t->busy) ||
                 atomic_load_explicit(&f->mode, memory_order_relaxed) != FUNCTION_ON)) {
        bypass(t, f, site, args, result);
        return;
    }
    if (unlikely(t == NULL) && (t = thread_join()) == NULL) {
        bypass(NULL, f, site, args, result);
        return;
    }
    if (unlikely(f->annotated.unless != NULL) && f->annotated.unless()) {
        bypass(t, f, site, args, result);
        return;
    }
    unsigned char stack[KEY_ON_STACK];
    struct key key;
    t->busy = true;
    if (unlikely(!make_key(t, f, args, stack, &key))) {
        t->busy = false;
        bypass(t, f, site, args, result);
        return;
    }
    epoch_enter(&t->epoch);
    struct entry *e =
        table_find(&cache_table, atomic_load_explicit(&f->identity, memory_order_acquire), &key);
    SYNC_POINT("reader.after_lookup");
    if (unlikely(e == NULL))
        goto slow;
    uint64_t now = now_of(f);
    bool fresh = likely(now < atomic_load_explicit(&e->fresh_until, memory_order_relaxed));
    if (!fresh && entry_state(e, now) != ENTRY_STALE)
        goto slow;
    uint64_t lease = 0;
    bool mine = !fresh && lease_due(atomic_load_explicit(&e->next_refresh, memory_order_relaxed), now) &&
                lease_claim(e, now, clock_add(now, LEASE_NS), &lease);
    if (unlikely(mine || site->form == SWRCACHE_FORM_OBJECT)) {
        int saved = errno;
        cache_ref(e);
        epoch_exit(&t->epoch);
        thread_touch(t, e);
        if (mine && (f->annotated.refresh == SWR_REFRESH_CALLER || !pool_wanted())) {
            refresh_here(t, f, e, lease, args, result, saved);
            return;
        }
        if (mine && !pool_submit(e, lease, NULL)) {
            lease_return(e, lease, clock_add(now, NS_PER_MS));
            thread_count(t, f, COUNTER_dropped);
        }
        if (serve(t, f, e, args, result, fresh ? COUNTER_hits : COUNTER_stale_hits,
                  fresh ? SWR_HIT : SWR_STALE_HIT, saved))
            t->busy = false;
        else
            run_alone(t, f, args, result);
        return;
    }
    /* Nothing on the way here touches errno but a string's malloc(). */
    if (site->form == SWRCACHE_FORM_STRING) {
        int saved = errno;
        bool given = result_give(f, e, args, result);
        errno = saved;
        if (unlikely(!given))
            goto slow;
    } else {
        result_give(f, e, args, result);
    }
    thread_touch(t, e);
    note(t, f, fresh ? COUNTER_hits : COUNTER_stale_hits, fresh ? SWR_HIT : SWR_STALE_HIT, e, now);
    if (unlikely(atomic_load_explicit(&e->flags, memory_order_relaxed) & ENTRY_FAILED))
        errno = e->result_errno;
    epoch_exit(&t->epoch);
    t->busy = false;
    return;
slow:
    epoch_exit(&t->epoch);
    {
        /* The scratch may be used again by calls from within the body. */
        int saved = errno;
        unsigned char *copy = NULL;
        if (key.bytes != stack) {
            copy = t->scratch;
            t->scratch = NULL;
            t->scratch_size = 0;
        }
        miss(t, f, args, result, &key, saved);
        if (copy != NULL) {
            int error = errno;
            os_free(copy);
            errno = error;
        }
    }
}

/* On a thread of the pool. */
void call_refresh(struct entry *e, uint64_t lease, struct flight *fl)
{
    struct thread *t = thread_current != NULL ? thread_current : thread_join();
    struct function *f = function_by_identity(e->identity);
    uint32_t shard = table_shard_of(e->hash);
    struct key key = entry_key(e);
    struct swrcache_arg args[KEY_MAX_PARAMS + 1];
    size_t args_room = (key_room(&f->shape, &key) + 15) & ~(size_t)15;
    unsigned char *room = t == NULL ? NULL : os_alloc_aligned(16, args_room + f->site->result_size);
    table_lock(&cache_table, shard);
    if (fl == NULL && room != NULL && table_holds(&cache_table, e) &&
        flight_live(e->identity, &key, clock_now()) == NULL && e->identity == atomic_load(&f->identity))
        fl = flight_open(f, e->identity, &key, true);
    else if (fl != NULL)
        fl->started = clock_now();
    if (fl != NULL) {
        fl->owner = t;
        fl->tid = t != NULL ? t->tid : 0;
        if (room == NULL)
            flight_unlist(fl);
    }
    table_unlock(&cache_table, shard);
    if (fl == NULL || room == NULL) {
        lease_return(e, lease, 0);
        if (fl != NULL) {
            flight_settle(fl, FLIGHT_ABANDONED, NULL);
            flight_unref(fl);
        }
        os_free(room);
        return;
    }
    unsigned char *result = room + args_room;
    memset(result, 0, f->site->result_size);
    key_decode(&f->shape, &key, entry_opaque(e), room, args);
    t->worker = true;
    fl->outer = NULL;
    /* One below: a later call of the same depth, after a longjmp, is not inside this one. */
    fl->frame = (uintptr_t)__builtin_frame_address(0) - 1;
    t->top = fl;
    t->busy = false;
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
    t->busy = true;
    t->top = NULL;
    bool failed;
    struct entry *fresh = publish(f, fl, args, result, error, &failed);
    if (!failed)
        thread_count(t, f, COUNTER_refreshes);
    if (f->site->form == SWRCACHE_FORM_STRING) {
        void *unused;
        memcpy(&unused, result, sizeof unused);
        free(unused);
    }
    if (fresh != NULL)
        cache_unref(fresh);
    flight_unref(fl);
    os_free(room);
    t->busy = false;
}

bool call_peek(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    struct function *f = function_of(site);
    struct thread *t = thread_current != NULL ? thread_current : thread_join();
    unsigned char stack[KEY_ON_STACK];
    struct key key;
    int saved = errno;
    if (f == NULL || t == NULL || t->busy || atomic_load(call_alive) == 0)
        return false;
    t->busy = true;
    bool found = false;
    if (make_key(t, f, args, stack, &key)) {
        epoch_enter(&t->epoch);
        struct entry *e = table_find(&cache_table, atomic_load(&f->identity), &key);
        enum entry_state state = e != NULL ? entry_state(e, clock_now()) : ENTRY_DEAD;
        if (state == ENTRY_FRESH || state == ENTRY_STALE)
            cache_ref(e);
        else
            e = NULL;
        epoch_exit(&t->epoch);
        if (e != NULL) {
            t->busy = false;
            found = result_give(f, e, args, result);
            t->info = (struct swrcache_info){state == ENTRY_FRESH ? SWR_HIT : SWR_STALE_HIT,
                                             clock_now() - e->born, atomic_load(&e->refresh_errno)};
            cache_unref(e);
        }
    }
    t->busy = false;
    errno = saved;
    return found;
}

size_t call_operate(struct swrcache_site *site, enum swrcache_operation operation,
                    const struct swrcache_arg *args)
{
    struct function *f = function_of(site);
    struct thread *t = thread_current != NULL ? thread_current : thread_join();
    unsigned char stack[KEY_ON_STACK];
    struct key key;
    int saved = errno;
    size_t matched = 0;
    if (f == NULL || t == NULL || t->busy || atomic_load(call_alive) == 0)
        return 0;
    t->busy = true;
    if (args == NULL)
        matched = operation == SWRCACHE_OP_INVALIDATE ? cache_invalidate(f, NULL, NULL, false)
                  : operation == SWRCACHE_OP_EXPIRE   ? cache_expire(f, NULL, NULL, false)
                                                      : cache_refresh(f, NULL, NULL, false);
    else {
        /* Out-arguments are no part of a key: whatever stands for them here must not make it doubtful. */
        struct swrcache_arg plain[KEY_MAX_PARAMS + 1];
        static char anything;
        for (uint32_t i = 0; i < site->nparams; i++) {
            plain[i] = args[i];
            if (site->params[i].kind == SWRCACHE_KIND_OUT || site->params[i].kind == SWRCACHE_KIND_OUT_BYTES)
                plain[i].data = &anything;
        }
        if (make_key(t, f, plain, stack, &key))
            matched = cache_operate_key(f, operation, &key);
    }
    t->busy = false;
    errno = saved;
    return matched;
}
