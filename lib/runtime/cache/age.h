/*
 * age.h - how old an entry is: fresh, stale, fallback or dead. An entry says when it was born and, while it
 * is fresh, until when it is (core/entry.h); the other ends follow from its function's policy, so that
 * `swrctl set` changes them without a look at the entries.
 *
 * Calls look at a clock that may lag behind (base/clock.h). What they are told to be the end of fresh and of
 * stale comes earlier by that lag, which is taken off here alone (control/reason.c tells
 * of it). What a call may do with an entry of each age is decision.h's. The ends of failures and of
 * fallback are exact; against them the latest time counts that the clock's reading may stand for.
 */
#ifndef RUNTIME_AGE_H
#define RUNTIME_AGE_H

#include "runtime/registry/function.h"

/* What the ages of a function's entries follow from, in ns. */
struct age_policy {
    uint64_t ttl, stale, stale_if_error, negative;
    uint64_t lag;    /* of the clock that the function's calls look at; to a dictionary they look exactly */
    bool dictionary; /* nobody computes its entries again */
};

static inline uint64_t age_setting(const _Atomic uint64_t *setting)
{
    return atomic_load_explicit(setting, memory_order_relaxed);
}

/* As the settings are now. */
static inline struct age_policy age_policy_of(struct function *f)
{
    struct settings *s = &f->settings;
    return (struct age_policy){age_setting(&s->ttl),
                               age_setting(&s->stale),
                               age_setting(&s->stale_if_error),
                               age_setting(&s->negative),
                               f->dictionary ? 0 : function_lag(f),
                               f->dictionary};
}

struct age_ends {
    uint64_t fresh, stale, dead; /* ns; fresh: 0 when it is known to have passed */
};
struct age_ends age_ends(const struct age_policy *p, struct entry *e);

/* What is known of a result's times when its entry is made. */
struct age_birth {
    uint64_t born;
    bool failed;
    bool own; /* the body gave the next two, each of them or SWRCACHE_UNSET */
    int64_t ttl_ms, stale_ms;
    uint64_t fresh_cap;  /* what it stands on is fresh until then */
    unsigned jitter_pct; /* up to so much of its time is taken off, */
    uint64_t chance;     /* by this random number */
};
/* Until when calls find it fresh. */
uint64_t age_fresh_until(const struct age_policy *p, const struct age_birth *birth);
/* Sets them. With `own` the entry has a struct entry_more. */
void age_begin(const struct age_policy *p, const struct age_birth *birth, struct entry *e);

/* State of an entry that is known not to be fresh. `now` may be less than the time by `behind`. */
enum entry_state age_of_old(const struct age_policy *p, struct entry *e, uint64_t now, uint64_t behind);

/* An entry's word says that it is fresh. */
static inline bool age_is_fresh(uint64_t when, uint64_t now, uint64_t behind)
{
    if (unlikely(when & (uint64_t)ENTRY_FAILED << ENTRY_FLAGS_AT))
        now = clock_add(now, behind);
    return entry_is_fresh(when, now);
}

static inline enum entry_state age_at(const struct age_policy *p, struct entry *e, uint64_t now,
                                      uint64_t behind)
{
    uint64_t when = atomic_load_explicit(&e->when, memory_order_relaxed);
    return age_is_fresh(when, now, behind) ? ENTRY_FRESH : age_of_old(p, e, now, behind);
}

/* `now`: of a clock that does not lag. */
static inline enum entry_state age_state(struct function *f, struct entry *e, uint64_t now)
{
    struct age_policy p = age_policy_of(f);
    return age_at(&p, e, now, 0);
}

/*
 * Of an entry that is not fresh: it stays stale for another second at least, so that its exact end need not
 * be worked out.
 */
static inline bool age_long_stale(struct function *f, struct entry *e, uint64_t now)
{
    uint64_t ttl = age_setting(&f->settings.ttl), stale = age_setting(&f->settings.stale);
    return stale != 0 && !(entry_flags(e) & ENTRY_FAILED) && !entry_has_own_times(e) &&
           clock_add(now, NS_PER_S) < clock_add(clock_add(entry_born(e), ttl), stale);
}

/* When it stopped being fresh by age, as far as that is still known. */
uint64_t age_ended(const struct age_policy *p, struct entry *e);

#endif
