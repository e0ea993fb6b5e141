#include "call.h"
#include "call_key.h"
#include "caller_refresh.h"
#include "enroll.h"
#include "miss.h"
#include "observe.h"
#include "outcome.h"
#include "serve.h"
#include "runtime/verb/verb.h"
#include "runtime/compute/ask.h"
#include "runtime/compute/custom_key.h"
#include "runtime/compute/dependencies.h"
#include "runtime/compute/refresh.h"
#include "runtime/compute/result.h"
#include "runtime/compute/shadow.h"
#include "runtime/registry/door.h"
#include "runtime/registry/mode.h"
#include "runtime/pool/pool.h"
#include "base/alive.h"
#include "base/clock.h"
#include "base/sync.h"

#include <errno.h>
#include <string.h>

/* `keyed`: what the key is made of, the arguments or `own`. */
static void answer(struct thread *t, struct function *f, const struct swrcache_arg *args,
                   const struct swrcache_arg *keyed, struct custom_key *custom_key, void *result)
{
    const struct swrcache_site *site = f->site;
    unsigned char stack[KEY_ON_STACK];
    struct key key;
    if (unlikely(!call_key_make(f, keyed, stack, &key))) {
        outcome_alone(t, f, args, result);
        return;
    }
    if (t->bound != NULL)
        dependencies_call(t->bound, f, &key);
    epoch_enter(&t->epoch);
    struct entry *e = call_key_find(f, keyed, &key);
    SYNC_POINT("reader.after_lookup");
    if (unlikely(e == NULL))
        goto slow;
    uint64_t behind, now = function_now(f, &behind), lease = 0;
    enum decision decision = decision_of(f, e, now, behind);
    if (unlikely(!decision_serves(decision)))
        goto slow;
    bool mine = decision == DECISION_CLAIM && lease_claim(e, now, &lease);
    if (unlikely(mine || site->form == SWRCACHE_FORM_OBJECT)) {
        int saved = errno;
        cache_ref(e);
        epoch_exit(&t->epoch);
        thread_touch(t, e);
        if (mine && (f->annotated.refresh == SWR_REFRESH_CALLER || !pool_wanted())) {
            custom_key_drop(custom_key);
            caller_refresh(t, f, e, lease, args, result, saved);
            return;
        }
        if (mine && !ask_refresh(e, lease, NULL)) {
            lease_return(e, lease, now, clock_add(now, NS_PER_MS));
            thread_count(t, f, COUNTER_dropped);
        }
        if (!outcome_serve(t, f, e, args, result, outcome_of(decision), saved))
            outcome_alone(t, f, args, result);
        return;
    }
    if (unlikely(!serve_entry(t, f, e, args, result, decision, now)))
        goto slow;
    epoch_exit(&t->epoch);
    return;
slow:
    epoch_exit(&t->epoch);
    {
        int saved = errno;
        unsigned char *encoded;
        if (!call_key_encode(f, keyed, &key, &encoded)) {
            outcome_alone(t, f, args, result);
            return;
        }
        custom_key_drop(custom_key);
        unsigned char *outer = call_key_keep(t, encoded);
        miss_run(t, f, args, result, &key, saved);
        call_key_drop(t, outer);
    }
}

/* What the thread keeps for a body that calls this function is not this call's to drop. */
static void answer_kept(struct thread *t, struct function *f, const struct swrcache_arg *args,
                        const struct swrcache_arg *keyed, struct custom_key *custom_key, void *result)
{
    struct visit visit;
    unsigned char *outer = call_key_keep(t, NULL);
    door_call(&visit, t);
    answer(t, f, args, keyed, custom_key, result);
    t->lengthy = outer;
    door_answered(&visit);
}

/* Past the cache. What computes now stands on this call all the same. */
static void answer_past(struct thread *t, struct function *f, const struct swrcache_arg *keyed)
{
    unsigned char stack[KEY_ON_STACK];
    struct visit visit = {.thread = t};
    struct key key;
    if (t->bound == NULL || alive_dead())
        return;
    door_begin(&visit);
    if (call_key_make(f, keyed, stack, &key))
        dependencies_call(t->bound, f, &key);
    door_answered(&visit);
}

/* `mode`: the word in force, not 0. */
static __attribute__((noinline)) void answer_by_mode(struct thread *t, struct function *f, uint64_t mode,
                                                     const struct swrcache_arg *args,
                                                     const struct swrcache_arg *keyed,
                                                     struct custom_key *custom_key, void *result)
{
    bool taken = mode_takes(f, mode, keyed);
    if (taken && mode_kind(mode) != FUNCTION_OBSERVE) {
        answer_kept(t, f, args, keyed, custom_key, result);
        if (mode_kind(mode) == FUNCTION_SHADOW)
            shadow_call(t, f, args, result);
        return;
    }
    answer_past(t, f, keyed);
    if (taken) {
        observe_call(t, f, args, keyed, custom_key, result);
    } else {
        custom_key_drop(custom_key);
        outcome_bypass(t, f, f->site, args, result);
    }
}

static inline void answer_any(struct thread *t, struct function *f, uint64_t mode,
                              const struct swrcache_arg *args, const struct swrcache_arg *keyed,
                              struct custom_key *custom_key, void *result)
{
    if (unlikely(mode != 0))
        answer_by_mode(t, f, mode, args, keyed, custom_key, result);
    else
        answer_kept(t, f, args, keyed, custom_key, result);
}

static __attribute__((noinline)) void answer_custom_key(struct thread *t, struct function *f, uint64_t mode,
                                                        const struct swrcache_arg *args, void *result)
{
    struct custom_key custom;
    if (custom_key_make(t, f, args, &custom))
        answer_any(t, f, mode, args, &custom.arg, &custom, result);
    else
        outcome_bypass(t, f, f->site, args, result);
    custom_key_drop(&custom);
}

void (*call_first)(const struct swrcache_site *site);

void call_other(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    if (unlikely(atomic_load_explicit(alive_word, memory_order_relaxed) == ALIVE_NEW))
        call_first(site);
    call_run(site, args, result);
}

void call_run(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    struct function *f = __atomic_load_n((struct function **)&site->function, __ATOMIC_ACQUIRE);
    struct thread *t = thread_current;
    if (unlikely(f == NULL))
        f = function_of(site);
    uint64_t mode = f != NULL ? mode_of(f) : 0;
    if (unlikely(f == NULL || alive_dead() || (t != NULL && t->busy) || mode_kind(mode) == FUNCTION_OFF)) {
        if (t != NULL && f != NULL && !t->busy && f->custom_key == NULL)
            answer_past(t, f, args);
        outcome_bypass(t, f, site, args, result);
        return;
    }
    if (unlikely(t == NULL) && (t = thread_join()) == NULL) {
        outcome_bypass(NULL, f, site, args, result);
        return;
    }
    if (unlikely(f->annotated.unless != NULL) && f->annotated.unless()) {
        outcome_bypass(t, f, site, args, result);
        return;
    }
    if (unlikely(f->custom_key != NULL)) {
        answer_custom_key(t, f, mode, args, result);
        return;
    }
    answer_any(t, f, mode, args, args, NULL, result);
}

bool call_forced(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    struct function *f = function_of(site);
    struct visit visit;
    bool may = door_open(&visit);
    struct thread *t = visit.thread;
    struct custom_key custom_key = {.more = NULL};
    const struct swrcache_arg *keyed = NULL;
    unsigned char stack[KEY_ON_STACK], *encoded = NULL;
    struct key key;
    bool done = true;
    uint64_t mode = f != NULL ? mode_of(f) : 0;
    if (f != NULL && may && (mode_kind(mode) == FUNCTION_ON || mode_kind(mode) == FUNCTION_SHADOW) &&
        (f->annotated.unless == NULL || !f->annotated.unless()))
        keyed = custom_key_args_of(t, f, args, &custom_key);
    if (keyed == NULL || !mode_takes(f, mode, keyed)) {
        custom_key_drop(&custom_key);
        outcome_bypass(t, f, site, args, result);
        return true;
    }
    door_call(&visit, t);
    bool made = call_key_make(f, keyed, stack, &key) && call_key_encode(f, keyed, &key, &encoded);
    custom_key_drop(&custom_key);
    unsigned char *outer = call_key_keep(t, encoded);
    if (made && t->bound != NULL)
        dependencies_call(t->bound, f, &key);
    if (made)
        done = miss_forced(t, f, args, result, &key);
    else
        outcome_alone(t, f, args, result);
    call_key_drop(t, outer);
    door_answered(&visit);
    return done;
}
