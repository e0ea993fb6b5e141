#include "outcome.h"
#include "runtime/compute/dependencies.h"
#include "runtime/compute/result.h"
#include "runtime/registry/door.h"
#include "base/alive.h"
#include "base/clock.h"

#include <errno.h>

void outcome_bypass(struct thread *t, struct function *f, struct swrcache_site *site,
                    const struct swrcache_arg *args, void *result)
{
    if (t == NULL) {
        if (f != NULL)
            atomic_fetch_add(&f->counts[COUNTER_bypasses], 1);
        site->run(args, result);
        return;
    }
    /* Counting for a thread may allocate: not where the allocator's lock may have been left taken. */
    if (f != NULL && !t->busy && !alive_dead())
        outcome_note(t, f, SWR_BYPASS, NULL, 0);
    else if (f != NULL)
        atomic_fetch_add(&f->counts[COUNTER_bypasses], 1);
    site->run(args, result);
    t->last = (struct thread_last){.outcome = SWR_BYPASS};
}

void outcome_alone(struct thread *t, struct function *f, const struct swrcache_arg *args, void *result)
{
    t->busy = false;
    struct cancel was = t->cancel;
    thread_drop_key(t);
    cancel_back(&was);
    outcome_bypass(t, f, f->site, args, result);
    cancel_off(&t->cancel);
}

bool outcome_serve(struct thread *t, struct function *f, struct entry *e, const struct swrcache_arg *args,
                   void *result, enum swrcache_outcome outcome, int saved)
{
    if (t->bound != NULL)
        dependencies_saw(t->bound, f, e);
    struct thread *inside = door_out();
    bool given = result_give(f, e, args, result);
    door_in(inside);
    if (given) {
        outcome_note(t, f, outcome, e, clock_now());
        errno = entry_flags(e) & ENTRY_FAILED ? entry_errno(e) : saved;
    }
    cache_unref(e);
    return given;
}
