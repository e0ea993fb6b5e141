#include "call.h"
#include "call_key.h"
#include "caller_refresh.h"
#include "enroll.h"
#include "miss.h"
#include "observe.h"
#include "outcome.h"
#include "serve.h"
#include "runtime/verb/batch_view.h"
#include "runtime/verb/verb.h"
#include "runtime/compute/ask.h"
#include "runtime/compute/compute.h"
#include "runtime/compute/custom_key.h"
#include "runtime/compute/dependencies.h"
#include "runtime/compute/refresh.h"
#include "runtime/compute/result.h"
#include "runtime/compute/shadow.h"
#include "runtime/cache/loan.h"
#include "runtime/registry/door.h"
#include "runtime/registry/mode.h"
#include "runtime/pool/pool.h"
#include "base/alive.h"
#include "base/clock.h"
#include "base/sync.h"

#include <errno.h>
#include <string.h>

/* Where a refresh could not be queued the next call of that key does not ask again at once. */
#define DROPPED_NS (20 * NS_PER_MS)

static void answer(struct call *c)
{
    struct thread *t = c->t;
    struct function *f = c->f;
    unsigned char stack[KEY_ON_STACK], *encoded;
    struct key key;
    if (unlikely(!call_key_make(f, c->keyed, stack, &key))) {
        outcome_alone(c);
        return;
    }
    if (t->bound != NULL) {
        door_hold(t);
        dependencies_call(t->bound, f, &key);
    }
    epoch_enter(&t->epoch);
    struct entry *e = call_key_find(f, c->keyed, &key);
    SYNC_POINT("reader.after_lookup");
    if (unlikely(e == NULL))
        goto slow;
    uint64_t behind, now = function_now(f, &behind), lease = 0;
    enum decision decision = decision_of(f, e, now, behind);
    if (unlikely(!decision_serves(decision)))
        goto slow;
    if (decision == DECISION_CLAIM)
        door_hold(t); /* who claims it must come to use it */
    bool mine = decision == DECISION_CLAIM && lease_claim(e, now, &lease);
    if (unlikely(!mine && f->site->form == SWRCACHE_FORM_OBJECT)) {
        c->saved = errno;
        custom_key_drop(c->custom_key);
        if (!outcome_serve_found(c, e, outcome_of(decision)))
            outcome_alone(c);
        return;
    }
    if (unlikely(mine)) {
        c->saved = errno;
        cache_ref(e);
        epoch_exit(&t->epoch);
        thread_touch(t, e);
        custom_key_drop(c->custom_key);
        if (f->annotated.refresh == SWR_REFRESH_CALLER || !pool_wanted()) {
            caller_refresh(c, e, lease);
            return;
        }
        if (!ask_refresh(e, lease, NULL)) {
            lease_return(e, lease, now, clock_add(now, DROPPED_NS));
            thread_count(t, f, COUNTER_dropped);
        }
        if (!outcome_serve(c, e, outcome_of(decision)))
            outcome_alone(c);
        return;
    }
    if (unlikely(!serve_entry(c, e, decision, now)))
        goto slow;
    epoch_exit(&t->epoch);
    return;
slow:
    epoch_exit(&t->epoch);
    c->saved = errno;
    door_hold(t);
    if (!call_key_encode(f, c->keyed, &key, &encoded)) {
        outcome_alone(c);
        return;
    }
    custom_key_drop(c->custom_key);
    unsigned char *outer = call_key_keep(t, encoded);
    miss_run(c, &key);
    if (thread_now() == t)
        call_key_drop(t, outer);
}

/* What the thread keeps for a body that calls this function is not this call's to drop. */
static void answer_kept(struct call *c)
{
    unsigned char *outer = call_key_keep(c->t, NULL);
    door_call(c->t);
    answer(c);
    if (thread_now() != c->t) /* the body came back on another thread */
        return;
    c->t->lengthy = outer;
    door_answered(c->t);
}

/* Past the cache. What computes now stands on this call all the same. */
static void answer_past(const struct call *c)
{
    struct thread *t = c->t;
    unsigned char stack[KEY_ON_STACK];
    struct key key;
    if (t->bound == NULL || alive_dead())
        return;
    door_call(t);
    door_hold(t);
    if (call_key_make(c->f, c->keyed, stack, &key))
        dependencies_call(t->bound, c->f, &key);
    door_answered(t);
}

/* `mode`: the word in force, not 0. */
static __attribute__((noinline)) void answer_by_mode(struct call *c, uint64_t mode)
{
    bool taken = mode_takes(c->f, mode, c->keyed);
    if (taken && mode_kind(mode) != FUNCTION_OBSERVE) {
        answer_kept(c);
        if (mode_kind(mode) == FUNCTION_SHADOW)
            shadow_call(c->t, c->f, c->args, custom_key_there(c->custom_key) ? c->keyed : NULL, c->result);
        custom_key_drop(c->custom_key);
        return;
    }
    answer_past(c);
    if (taken) {
        observe_call(c);
    } else {
        custom_key_drop(c->custom_key);
        outcome_bypass(c);
    }
}

/* An entry that answers and has nothing to do with the batch, with a reference. */
static struct entry *untouched(const struct call *c, const struct key *key, enum decision *decision)
{
    uint64_t behind, now = function_now(c->f, &behind);
    if (batch_last(c->f, key) != NULL)
        return NULL;
    epoch_enter(&c->t->epoch);
    struct entry *e = call_key_find(c->f, c->keyed, key);
    if (e != NULL) {
        *decision = decision_of(c->f, e, now, behind);
        if (decision_serves(*decision) && !batch_touches(e))
            cache_ref(e);
        else
            e = NULL;
    }
    epoch_exit(&c->t->epoch);
    if (e != NULL)
        thread_touch(c->t, e);
    return e;
}

/*
 * The thread has a batch that says something. What was remembered before is served, if the batch does not
 * write it. All else is computed past the cache, as it may be the batch's own doing: not joined with others'
 * computations, and neither kept nor compared.
 */
static __attribute__((noinline)) void answer_writing(struct call *c, uint64_t mode)
{
    struct thread *t = c->t;
    unsigned char stack[KEY_ON_STACK], *encoded = NULL;
    bool taken = mode_kind(mode) != FUNCTION_OBSERVE && (mode == 0 || mode_takes(c->f, mode, c->keyed));
    enum decision decision = DECISION_FRESH;
    struct entry *e = NULL;
    struct key key;
    c->saved = errno;
    door_call(t);
    door_hold(t);
    bool made = call_key_make(c->f, c->keyed, stack, &key) && call_key_encode(c->f, c->keyed, &key, &encoded);
    unsigned char *outer = call_key_keep(t, encoded);
    if (made && t->bound != NULL)
        dependencies_call(t->bound, c->f, &key);
    if (made && taken)
        e = untouched(c, &key, &decision);
    custom_key_drop(c->custom_key);
    if (e == NULL || !outcome_serve(c, e, outcome_of(decision))) {
        compute_apart(t);
        errno = c->saved;
        outcome_alone(c);
    }
    if (thread_now() != t)
        return;
    call_key_drop(t, outer);
    door_answered(t);
}

static inline void answer_any(struct call *c, uint64_t mode)
{
    if (unlikely(c->t->writing))
        answer_writing(c, mode);
    else if (unlikely(mode != 0))
        answer_by_mode(c, mode);
    else
        answer_kept(c);
}

static HAS_CANARY void answer_custom_key(struct call *c, uint64_t mode)
{
    struct custom_key custom;
    if (custom_key_make(c->t, c->f, c->args, &custom)) {
        c->keyed = &custom.arg;
        c->custom_key = &custom;
        answer_any(c, mode);
    } else {
        outcome_bypass(c);
    }
    custom_key_drop(&custom);
}

void (*call_first)(const struct swrcache_site *site);

void call_other(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    if (unlikely(!alive_settled()))
        call_first(site);
    call_run(site, args, result);
}

void call_run(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    struct function *f = __atomic_load_n((struct function **)&site->function, __ATOMIC_ACQUIRE);
    struct thread *t = thread_current;
    if (unlikely(f == NULL || f == &function_gone))
        f = function_of(site);
    struct call c = {.site = site, .f = f, .t = t, .args = args, .keyed = args, .result = result};
    uint64_t mode = f != NULL ? mode_of(f) : 0;
    if (unlikely(f == NULL || alive_dead() ||
                 (t != NULL && door_inside(t, (uintptr_t)__builtin_frame_address(0))) ||
                 mode_kind(mode) == FUNCTION_OFF)) {
        if (t != NULL && f != NULL && !t->busy && f->custom_key == NULL)
            answer_past(&c);
        outcome_bypass(&c);
        return;
    }
    if (unlikely(t == NULL))
        c.t = thread_join();
    if (unlikely(c.t == NULL) || (unlikely(f->annotated.unless != NULL) && f->annotated.unless()))
        outcome_bypass(&c);
    else if (unlikely(f->custom_key != NULL))
        answer_custom_key(&c, mode);
    else
        answer_any(&c, mode);
}

HAS_CANARY bool call_forced(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    struct function *f = function_of(site);
    struct visit visit;
    bool may = door_open(&visit);
    struct thread *t = visit.thread;
    struct custom_key custom_key = {.loan = NULL};
    struct call c = {.site = site, .f = f, .t = t, .args = args, .result = result};
    unsigned char stack[KEY_ON_STACK], *encoded = NULL;
    struct key key;
    bool done = true;
    uint64_t mode = f != NULL ? mode_of(f) : 0;
    if (f != NULL && may && (mode_kind(mode) == FUNCTION_ON || mode_kind(mode) == FUNCTION_SHADOW) &&
        (f->annotated.unless == NULL || !f->annotated.unless()))
        c.keyed = custom_key_args_of(t, f, args, &custom_key);
    if (c.keyed == NULL || t->writing || !mode_takes(f, mode, c.keyed)) {
        custom_key_drop(&custom_key);
        if (c.keyed != NULL && t->writing)
            compute_apart(t);
        outcome_bypass(&c);
        return true;
    }
    door_begin(&visit);
    bool made = call_key_make(f, c.keyed, stack, &key) && call_key_encode(f, c.keyed, &key, &encoded);
    custom_key_drop(&custom_key);
    unsigned char *outer = call_key_keep(t, encoded);
    if (made && t->bound != NULL)
        dependencies_call(t->bound, f, &key);
    if (made)
        done = miss_forced(&c, &key);
    else
        outcome_alone(&c);
    if (thread_now() != t)
        return done;
    call_key_drop(t, outer);
    door_answered(t);
    return done;
}
