/*
 * decision.h - what a call that finds an entry comes to, by the entry's age (age.h) and its lease (lease.h).
 * The one place that says so: calls follow it (hit.c, call.c, miss.c), and `swrctl explain` tells it.
 *
 *                 | nobody refreshes it,  | somebody     | a refresh failed,
 *                 | and it may begin      | refreshes it | the back-off lasts
 *   --------------+-----------------------+--------------+-------------------
 *   fresh         | FRESH                 | FRESH        | FRESH
 *   stale         | CLAIM                 | STALE        | STALE_RESTING
 *   fallback      | RENEW                 | WAIT         | OLD
 *   dead, or none | COMPUTE               | COMPUTE      | COMPUTE
 */
#ifndef RUNTIME_DECISION_H
#define RUNTIME_DECISION_H

#include "age.h"
#include "lease.h"

enum decision {
    /* In time: served where it is found, without a lock. */
    DECISION_FRESH,
    DECISION_STALE,
    DECISION_STALE_RESTING,
    DECISION_CLAIM, /* and the caller that gets the lease sees to a refresh */
    /* Past its stale time: the old value, at once, or when computing fails or takes too long. */
    DECISION_OLD,
    DECISION_WAIT,  /* for whoever refreshes it */
    DECISION_RENEW, /* whoever gets the lease has it refreshed, and waits for that */
    /* Nothing to serve. */
    DECISION_COMPUTE,
    DECISIONS
};

static inline bool decision_in_time(enum decision d)
{
    return d <= DECISION_CLAIM;
}

/* Without waiting for anybody. */
static inline bool decision_serves(enum decision d)
{
    return d <= DECISION_OLD;
}

static inline enum decision decide(enum entry_state age, enum lease_state lease)
{
    static const uint8_t table[][LEASE_STATES] = {
        [ENTRY_FRESH] = {DECISION_FRESH, DECISION_FRESH, DECISION_FRESH},
        [ENTRY_STALE] = {DECISION_CLAIM, DECISION_STALE, DECISION_STALE_RESTING},
        [ENTRY_FALLBACK] = {DECISION_RENEW, DECISION_WAIT, DECISION_OLD},
        [ENTRY_DEAD] = {DECISION_COMPUTE, DECISION_COMPUTE, DECISION_COMPUTE},
    };
    return (enum decision)table[age][lease];
}

/* `now` may be less than the time by `behind`. */
static inline enum decision decision_at(const struct age_policy *p, struct entry *e, uint64_t now,
                                        uint64_t behind)
{
    return decide(age_at(p, e, now, behind), lease_state(lease_word(e), now));
}

/* The same of a function's entry, or of none (NULL), in few instructions where it is long stale. */
static inline enum decision decision_of(struct function *f, struct entry *e, uint64_t now, uint64_t behind)
{
    if (e == NULL)
        return DECISION_COMPUTE;
    uint64_t when = lease_word(e);
    if (age_is_fresh(when, now, behind))
        return DECISION_FRESH;
    if (likely(age_long_stale(f, e, now)))
        return decide(ENTRY_STALE, lease_state(when, now));
    struct age_policy p = age_policy_of(f);
    return decide(age_of_old(&p, e, now, behind), lease_state(when, now));
}

#endif
