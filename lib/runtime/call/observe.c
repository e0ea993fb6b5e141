#include "observe.h"
#include "call_key.h"
#include "runtime/compute/compute.h"
#include "runtime/compute/custom_key.h"
#include "runtime/compute/dependencies.h"
#include "runtime/compute/digest.h"
#include "runtime/compute/result.h"
#include "runtime/cache/loan.h"
#include "runtime/registry/door.h"
#include "runtime/registry/observed.h"
#include "runtime/registry/played.h"
#include "runtime/registry/resolve.h"
#include "base/alive.h"
#include "base/clock.h"

#include <errno.h>

/* A time that a body gave, one above; 0: none. */
static uint64_t own_time(int64_t ms)
{
    if (ms == SWRCACHE_UNSET)
        return 0;
    return ms == SWR_FOREVER ? CLOCK_NEVER : (uint64_t)ms * NS_PER_MS + 1;
}

/* What the body said of its result, and what the settings make of it. */
static void ask_flight(const struct flight *fl, struct played *p)
{
    struct function *f = fl->function;
    uint64_t stale;
    p->skipped = fl->skip || fl->apart || fl->unnamed != NAMED;
    if (fl->own_ttl) {
        p->own_fresh = own_time(fl->ttl_ms);
        p->own_stale = own_time(fl->stale_ms);
    }
    p->negative = atomic_load(&f->settings.negative);
    p->stale = setting_given(f, SETTING_of_stale, &stale) ? stale : 0;
}

/* Inside, after the body; the user's encoder may never come back. */
static HAS_CANARY void count(const struct call *c, struct observed_function *o, struct flight *fl,
                             struct played *p)
{
    struct function *f = c->f;
    struct thread *t = c->t;
    uint64_t bytes = 0;
    volatile uint64_t canary;
    struct loan *loan = loan_begin(t, &canary);
    if (loan == NULL) {
        flight_unref(fl);
        return;
    }
    loan_besides(loan, fl, flight_back);
    p->failed = fl->failed || result_fails(f, c->result);
    ask_flight(fl, p);
    if (t->bound != NULL)
        dependencies_took(t->bound, fl);
    if (!function_comparable(f) || !digest_of_result(f, c->args, c->result, &p->digest, &bytes))
        atomic_fetch_add(&o->opaque, 1);
    p->bytes += bytes;
    struct mark_name *names = dependencies_names(f, fl, &p->nmarks);
    p->marks = names;
    played_call(o, p);
    dependencies_free_names(names);
    loan_end(loan);
}

void observe_call(const struct call *c)
{
    struct function *f = c->f;
    struct thread *t = c->t;
    struct observed_function *o = observed_at(f);
    /* Before the call: it may change what its pointers lead to. */
    unsigned char stack[KEY_ON_STACK];
    struct key key;
    bool keyed = o != NULL && call_key_make(f, c->keyed, stack, &key);
    struct played p = {.bytes = keyed ? key.len : 0};
    struct flight *fl = NULL;
    int error = errno;
    if (keyed) {
        p.key = key.hash;
        p.key_bytes = key.bytes;
        p.key_len = key.len;
        p.act = played_act(o);
    }
    custom_key_drop(c->custom_key);
    if (keyed && !alive_dead()) {
        door_call(t);
        door_hold(t);
        frame_forget_left(t, (uintptr_t)__builtin_frame_address(0));
        fl = flight_apart(f, p.key);
        if (fl == NULL)
            door_answered(t);
    }
    if (fl == NULL) {
        errno = error;
        outcome_bypass(c);
        return;
    }
    /* As a computation, so that what the body says of its result and calls is known. */
    struct body body = {.thread = t, .args = c->args, .result = c->result};
    outcome_note(c, SWR_BYPASS, NULL, 0);
    p.at = clock_now();
    errno = error;
    if (compute_body(fl, &body)) {
        p.cost = clock_now() - p.at;
        t->last = (struct thread_last){.outcome = SWR_BYPASS};
        flight_settle(fl, FLIGHT_DONE, NULL);
        count(c, o, fl, &p);
    }
    if (thread_now() == t)
        door_answered(t);
    errno = body.error;
}
