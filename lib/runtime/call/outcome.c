#include "outcome.h"
#include "runtime/compute/dependencies.h"
#include "runtime/compute/result.h"
#include "runtime/cache/loan.h"
#include "runtime/registry/door.h"
#include "base/alive.h"
#include "base/clock.h"

#include <errno.h>

void outcome_bypass(const struct call *c)
{
    struct thread *t = c->t;
    struct function *f = c->f;
    /* Counting for a thread may allocate: not where the allocator's lock may have been left taken. */
    if (f != NULL && t != NULL && !t->busy && !alive_dead())
        outcome_note(c, SWR_BYPASS, NULL, 0);
    else if (f != NULL)
        atomic_fetch_add(&f->counts[COUNTER_bypasses], 1);
    c->site->run(c->args, c->result);
    if (t != NULL && thread_now() == t)
        t->last = (struct thread_last){.outcome = SWR_BYPASS};
}

void outcome_alone(const struct call *c)
{
    struct thread *t = c->t;
    t->busy = false;
    thread_drop_key(t);
    door_let(t);
    outcome_bypass(c);
}

/* What it needs is in the loan, which ends here. */
static bool give(const struct call *c, struct entry *e, enum swrcache_outcome outcome, struct loan *loan,
                 bool instead)
{
    struct thread *t = c->t;
    if (t->bound != NULL)
        dependencies_saw(t->bound, c->f, e);
    bool given = result_give_room(c->f, e, c->args, loan);
    struct outside outside = door_out();
    if (instead)
        result_discard(c->f, c->result);
    given = given && result_give(c->f, e, c->args, c->result, loan->what);
    door_in(&outside);
    int error = entry_flags(e) & ENTRY_FAILED ? entry_errno(e) : c->saved;
    if (given)
        outcome_note(c, outcome, e, clock_now());
    loan_end(loan);
    if (given)
        errno = error;
    return given;
}

static HAS_CANARY bool serve(const struct call *c, struct entry *e, enum swrcache_outcome outcome,
                             bool instead)
{
    volatile uint64_t canary;
    struct loan *loan = loan_begin(c->t, &canary);
    if (loan == NULL) {
        cache_unref(e);
        if (instead)
            result_discard(c->f, c->result);
        return false;
    }
    loan_entry(loan, e);
    thread_drop_key(c->t);
    return give(c, e, outcome, loan, instead);
}

bool outcome_serve(const struct call *c, struct entry *e, enum swrcache_outcome outcome)
{
    return serve(c, e, outcome, false);
}

bool outcome_serve_instead(const struct call *c, struct entry *e, enum swrcache_outcome outcome)
{
    return serve(c, e, outcome, true);
}

/* Who is left by a jump between the reference and the loan leaves the reference: nobody could tell. */
HAS_CANARY bool outcome_serve_found(const struct call *c, struct entry *e, enum swrcache_outcome outcome)
{
    volatile uint64_t canary;
    struct loan *loan = loan_begin(c->t, &canary);
    if (loan != NULL) {
        cache_ref(e);
        loan_entry(loan, e);
    }
    epoch_exit(&c->t->epoch);
    if (loan == NULL)
        return false;
    thread_touch(c->t, e);
    return give(c, e, outcome, loan, false);
}

HAS_CANARY void outcome_share(const struct call *c, struct entry *e, struct flight *fl)
{
    volatile uint64_t canary;
    bool shares = e != NULL && function_holds_object(c->f);
    struct loan *loan = shares ? loan_begin(c->t, &canary) : NULL;
    flight_unref(fl);
    if (loan != NULL)
        loan_entry(loan, e);
    if (shares) {
        struct outside outside = door_out();
        result_share_object(c->f, c->result);
        door_in(&outside);
    }
    if (loan != NULL)
        loan_end(loan);
    else if (e != NULL)
        cache_unref(e);
}
