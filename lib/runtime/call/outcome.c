#include "outcome.h"
#include "runtime/compute/dependencies.h"
#include "runtime/compute/result.h"
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

bool outcome_serve(const struct call *c, struct entry *e, enum swrcache_outcome outcome)
{
    struct thread *t = c->t;
    if (t->bound != NULL)
        dependencies_saw(t->bound, c->f, e);
    struct outside outside = door_out();
    bool given = result_give(c->f, e, c->args, c->result);
    door_in(&outside);
    if (given) {
        outcome_note(c, outcome, e, clock_now());
        errno = entry_flags(e) & ENTRY_FAILED ? entry_errno(e) : c->saved;
    }
    cache_unref(e);
    return given;
}
