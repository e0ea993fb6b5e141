/*
 * outcome.h - a call under way, and what it came to: counted, and kept for swrcache_last().
 */
#ifndef RUNTIME_OUTCOME_H
#define RUNTIME_OUTCOME_H

#include "runtime/cache/decision.h"
#include "runtime/cache/refresh_record.h"
#include "runtime/registry/thread.h"

/* One call, as long as it runs: what its way to an answer carries along. */
struct call {
    struct swrcache_site *site;
    struct function *f;               /* NULL: not known to the runtime */
    struct thread *t;                 /* NULL: no record to be had */
    const struct swrcache_arg *args;  /* of the function */
    const struct swrcache_arg *keyed; /* what the key is made of: the same, or one argument of bytes */
    struct custom_key *custom_key;    /* which holds that one; NULL: none */
    void *result;
    int saved; /* errno as the caller had it; set before the first that may change it */
};

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
static inline uint64_t outcome_note(const struct call *c, enum swrcache_outcome outcome, struct entry *e,
                                    uint64_t now)
{
    struct thread *t = c->t;
    t->last = (struct thread_last){.outcome = outcome};
    if (e != NULL)
        t->last = (struct thread_last){outcome, refresh_record_errno(&t->epoch, e), e->shape, now};
    return thread_count(t, c->f, (enum counter)outcome);
}

/* The call is handed to the function itself. */
void outcome_bypass(const struct call *c);
/* The same for a call that had entered the runtime. */
void outcome_alone(const struct call *c);
/*
 * Serves `e` (referenced; the reference is given back) with errno as it was or as the remembered failure left
 * it. False: no memory. Code of the user may run for it: nothing else may be held, and a long key is dropped.
 */
bool outcome_serve(const struct call *c, struct entry *e, enum swrcache_outcome outcome);
/* The same in the place of a result that the body left, which is dropped. */
bool outcome_serve_instead(const struct call *c, struct entry *e, enum swrcache_outcome outcome);
/* The same for an entry without a reference, in a section of epoch.h, which ends here. */
bool outcome_serve_found(const struct call *c, struct entry *e, enum swrcache_outcome outcome);
/* The caller gets what was just computed, of which `e` has the object (NULL: none). References to both are
 * given back. */
void outcome_share(const struct call *c, struct entry *e, struct flight *fl);

#endif
