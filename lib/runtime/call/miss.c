#include "miss.h"
#include "runtime/compute/ask.h"
#include "runtime/compute/compute.h"
#include "runtime/compute/result.h"
#include "runtime/compute/wait.h"
#include "runtime/cache/commit_gate.h"
#include "runtime/registry/door.h"
#include "core/fence.h"
#include "base/clock.h"

#include <errno.h>

/* The caller gets what was just computed. */
static void hand_out(const struct call *c, struct flight *fl, struct entry *e, int error)
{
    outcome_share(c, e, fl);
    outcome_note(c, SWR_MISS, NULL, 0);
    errno = error;
}

/* A call that found nothing to answer with, until it has an answer. */
struct miss {
    const struct call *call;
    const struct key *key;
    uint32_t shard;
    uint64_t deadline;      /* of waiting for others */
    uint64_t began;         /* fence_now() before the first look */
    struct entry *fallback; /* handed out if computing fails or takes too long; a reference */
    struct flight *lead;    /* ours to compute; a reference */
    bool overtime;          /* waited until the deadline */
    bool asked;             /* the pool computes because of this call */
};

/*
 * What a look came to:
 *
 *   AGAIN    -> look again
 *   LEAD     -> compute, as `lead`
 *   OLD      -> the fallback; without one, or when it cannot be handed out, ALONE
 *   ALONE    -> the function itself: a bypass
 *   ANSWERED
 */
enum way { WAY_AGAIN, WAY_LEAD, WAY_OLD, WAY_ALONE, WAY_ANSWERED };

static void drop_fallback(struct miss *m)
{
    if (m->fallback != NULL)
        cache_unref(m->fallback);
    m->fallback = NULL;
}

/* Takes over the caller's reference to the entry, the only one that it may have. */
static enum way serve(const struct miss *m, struct entry *e, enum swrcache_outcome outcome)
{
    return outcome_serve(m->call, e, outcome) ? WAY_ANSWERED : WAY_ALONE;
}

static enum way serve_old(struct miss *m)
{
    struct entry *old = m->fallback;
    m->fallback = NULL;
    return old != NULL ? serve(m, old, SWR_FALLBACK_HIT) : WAY_ALONE;
}

/* Shard locked, and given back: another's computation is waited for. Takes over a reference to it. */
static enum way join(struct miss *m, struct flight *fl)
{
    table_unlock(&cache_table, m->shard);
    bool in_time = wait_for_flight(m->call->t, fl, m->fallback, m->deadline);
    /* What it stood on was invalidated before this call began: it is older than it may be. */
    bool older = in_time && fl->outdated != 0 && fl->began < m->began;
    if (in_time && !older && atomic_load(&fl->state) == FLIGHT_DONE && fl->result != NULL) {
        struct entry *e = fl->result;
        bool old = m->fallback != NULL && (entry_flags(e) & ENTRY_FAILED);
        cache_ref(e);
        flight_unref(fl);
        if (!old) {
            drop_fallback(m);
            return serve(m, e, m->asked ? SWR_MISS : SWR_COALESCED);
        }
        cache_unref(e);
        return serve_old(m);
    }
    flight_unref(fl);
    m->overtime = !in_time;
    return m->overtime && m->fallback != NULL ? WAY_OLD : WAY_AGAIN;
}

/*
 * Shard locked: the pool computes what replaces the fallback, once for this call. A reference to that
 * computation, as its result may be too old to be found by the time that the caller looks. NULL: nobody
 * could be asked.
 */
static struct flight *ask_pool(struct miss *m, struct entry *e, uint64_t identity, uint64_t now)
{
    uint64_t lease = 0;
    if (m->asked || m->call->f->annotated.refresh == SWR_REFRESH_CALLER || m->call->t->worker ||
        !lease_claim(e, now, &lease))
        return NULL;
    m->lead = flight_open(m->call->f, identity, m->key, true);
    if (m->lead != NULL && ask_refresh(e, lease, m->lead)) {
        struct flight *fl = m->lead;
        m->lead = NULL;
        m->asked = true;
        return fl;
    }
    lease_return(e, lease, now, 0);
    return NULL;
}

/* Shard locked, and given back. */
static enum way look_locked(struct miss *m, uint64_t identity)
{
    uint64_t now = clock_now();
    struct entry *e = table_find(&cache_table, identity, m->key);
    enum decision decision = decision_of(m->call->f, e, now, 0);
    if (decision != DECISION_COMPUTE)
        cache_ref(e);
    if (decision_in_time(decision)) {
        table_unlock(&cache_table, m->shard);
        return serve(m, e, outcome_of(decision));
    }
    m->fallback = decision != DECISION_COMPUTE ? e : NULL;
    struct flight *other = flight_live(identity, m->key, now);
    bool own =
        other != NULL && other->owner != NULL && other->owner == m->call->t; /* the body calls itself */
    if (other != NULL && !own && m->overtime && !other->refresh) {
        flight_overtake(other);
        other = NULL;
    }
    if (other != NULL && !own && !m->call->t->worker && !m->overtime) {
        atomic_fetch_add(&other->refs, 1);
        return join(m, other);
    }
    if (other == NULL && m->fallback != NULL && !m->overtime) {
        /* Past the stale window: the pool computes, we wait; while nobody is to begin, the old value. */
        if (decision != DECISION_RENEW) {
            table_unlock(&cache_table, m->shard);
            return WAY_OLD;
        }
        struct flight *asked = ask_pool(m, e, identity, now);
        if (asked != NULL)
            return join(m, asked);
    }
    if (other == NULL && m->lead == NULL)
        m->lead = flight_open(m->call->f, identity, m->key, false);
    if (m->lead != NULL)
        m->lead->owner = m->call->t;
    table_unlock(&cache_table, m->shard);
    return m->lead != NULL ? WAY_LEAD : WAY_OLD;
}

static enum way look(struct miss *m)
{
    drop_fallback(m);
    table_lock(&cache_table, m->shard);
    uint64_t identity = atomic_load(&m->call->f->identity);
    /* After the identity: who finds it raised by a batch sees that the batch is not through yet. */
    if (likely(atomic_load(&commit_gate_closed) == 0))
        return look_locked(m, identity);
    table_unlock(&cache_table, m->shard);
    door_let(m->call->t);
    bool waited = commit_gate_wait();
    door_hold(m->call->t);
    if (waited)
        return WAY_AGAIN;
    table_lock(&cache_table, m->shard);
    return look_locked(m, identity);
}

static enum way lead(struct miss *m)
{
    const struct call *c = m->call;
    struct entry *e;
    /* With the flight: should the body never return, it is given back with it. */
    m->lead->fallback = m->fallback;
    m->fallback = NULL;
    enum computed computed = compute_run(c->t, c->f, m->lead, c->args, c->result, &e);
    int error = errno;
    if (computed == COMPUTED_LOST)
        return WAY_ANSWERED;
    if (computed == COMPUTED_FAILED && m->lead->fallback != NULL) {
        struct entry *old = m->lead->fallback;
        m->lead->fallback = NULL;
        if (e != NULL)
            cache_unref(e);
        flight_unref(m->lead);
        return outcome_serve_instead(c, old, SWR_FALLBACK_HIT) ? WAY_ANSWERED : WAY_ALONE;
    }
    hand_out(c, m->lead, e, error);
    return WAY_ANSWERED;
}

void miss_run(const struct call *c, const struct key *key)
{
    struct miss m = {
        .call = c,
        .key = key,
        .shard = table_shard_of(key->hash),
        .deadline = clock_add(clock_now(), atomic_load(&c->f->settings.wait)),
        .began = fence_now(),
    };
    enum way way;
    frame_forget_left(c->t, (uintptr_t)__builtin_frame_address(0));
    do
        way = look(&m);
    while (way == WAY_AGAIN);
    if (way == WAY_LEAD)
        way = lead(&m);
    if (way == WAY_OLD)
        way = serve_old(&m);
    drop_fallback(&m);
    if (way == WAY_ALONE)
        outcome_alone(c);
}

/*
 * Shard locked: somebody computes although the back-off says not yet. Calls that would get a value past its
 * stale time without a look at flights (hit.c) come by here again, and wait for what is computed.
 */
static void end_back_off(struct function *f, uint64_t identity, const struct key *key)
{
    struct entry *e = table_find(&cache_table, identity, key);
    if (decision_of(f, e, clock_now(), 0) == DECISION_OLD)
        lease_hasten(e);
}

bool miss_forced(const struct call *c, const struct key *key)
{
    struct thread *t = c->t;
    struct function *f = c->f;
    uint32_t shard = table_shard_of(key->hash);
    frame_forget_left(t, (uintptr_t)__builtin_frame_address(0));
    table_lock(&cache_table, shard);
    uint64_t identity = atomic_load(&f->identity);
    struct flight *other = flight_find(identity, key), *fl = NULL;
    if (other == NULL || other->owner == NULL || other->owner != t) {
        /* What is on its way is older: it goes to those who wait for it, and nobody joins it any more. */
        if (other != NULL)
            flight_overtake(other);
        fl = flight_open(f, identity, key, false);
    }
    if (fl != NULL) {
        fl->owner = t;
        end_back_off(f, identity, key);
    }
    table_unlock(&cache_table, shard);
    if (fl == NULL) {
        outcome_alone(c);
        return true;
    }
    struct entry *e;
    enum computed computed = compute_run(t, f, fl, c->args, c->result, &e);
    if (computed != COMPUTED_LOST)
        hand_out(c, fl, e, errno);
    return computed == COMPUTED;
}
