/*
 * outcome.h - what a call came to: counted, and kept for swrcache_last().
 */
#ifndef RUNTIME_OUTCOME_H
#define RUNTIME_OUTCOME_H

#include "runtime/cache/decision.h"
#include "runtime/cache/refresh_record.h"
#include "runtime/registry/thread.h"

/* Every outcome has the counter of its number. */
static_assert((int)COUNTER_hits == (int)SWR_HIT && (int)COUNTER_stale_hits == (int)SWR_STALE_HIT &&
                  (int)COUNTER_fallback_hits == (int)SWR_FALLBACK_HIT &&
                  (int)COUNTER_misses == (int)SWR_MISS && (int)COUNTER_coalesced == (int)SWR_COALESCED &&
                  (int)COUNTER_bypasses == (int)SWR_BYPASS,
              "outcomes and counters in one order");

/* What a call comes to that gets the entry of this decision, at once or in the end. */
static inline enum swrcache_outcome outcome_of(enum decision d)
{
    return d == DECISION_FRESH ? SWR_HIT : decision_in_time(d) ? SWR_STALE_HIT : SWR_FALLBACK_HIT;
}

/* Gives how many of them the thread has counted. */
static inline uint64_t outcome_note(struct thread *t, struct function *f, enum swrcache_outcome outcome,
                                    struct entry *e, uint64_t now)
{
    t->last = (struct thread_last){.outcome = outcome};
    if (e != NULL)
        t->last = (struct thread_last){outcome, refresh_record_errno(&t->epoch, e), e->shape, now};
    return thread_count(t, f, (enum counter)outcome);
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
                   void *result, enum swrcache_outcome outcome, int saved);

#endif
