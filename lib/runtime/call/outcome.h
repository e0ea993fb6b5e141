/*
 * outcome.h - what a call came to: counted, and kept for swrcache_last().
 */
#ifndef RUNTIME_OUTCOME_H
#define RUNTIME_OUTCOME_H

#include "runtime/cache/refresh_record.h"
#include "runtime/registry/thread.h"

static inline void outcome_note(struct thread *t, struct function *f, enum counter c,
                                enum swrcache_outcome outcome, struct entry *e, uint64_t now)
{
    thread_count(t, f, c);
    t->last = (struct thread_last){.outcome = outcome};
    if (e != NULL)
        t->last = (struct thread_last){outcome, refresh_record_errno(&t->epoch, e), e->shape, now};
}

/* The call is handed to the function itself. `t` NULL: no record to be had. */
void outcome_bypass(struct thread *t, struct function *f, struct swrcache_site *site,
                    const struct swrcache_arg *args, void *result);
/* The same for a call that had entered the runtime. */
void outcome_alone(struct thread *t, struct function *f, const struct swrcache_arg *args, void *result);
/*
 * Serves `e` (referenced; the reference is given back) with errno as it was (`saved`) or as the remembered
 * failure left it. False: no memory.
 */
bool outcome_serve(struct thread *t, struct function *f, struct entry *e, const struct swrcache_arg *args,
                   void *result, enum counter c, enum swrcache_outcome outcome, int saved);

#endif
