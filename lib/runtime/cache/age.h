/*
 * age.h - how old an entry is: fresh, stale, fallback or dead. An entry says when it was born and, while it
 * is fresh, until when it is (core/entry.h); the other ends follow from its function's policy, so that
 * `swrctl set` changes them without a look at the entries.
 */
#ifndef RUNTIME_AGE_H
#define RUNTIME_AGE_H

#include "runtime/registry/function.h"

struct age_ends {
    uint64_t fresh, stale, dead; /* ns; fresh: 0 when it is known to have passed */
};

struct age_ends age_ends(struct function *f, struct entry *e);
/* Of one that is not fresh: the rest of age_state(). */
enum entry_state age_of_old(struct function *f, struct entry *e, uint64_t now);

/* Of one that is not fresh: it is stale, and its end so far away that only that need be known of it. */
static inline bool age_long_stale(struct function *f, struct entry *e, uint64_t now)
{
    uint64_t ttl = atomic_load_explicit(&f->settings.ttl, memory_order_relaxed);
    uint64_t stale = atomic_load_explicit(&f->settings.stale, memory_order_relaxed);
    return stale != 0 && !(entry_flags(e) & (ENTRY_OWN_TTL | ENTRY_FAILED)) &&
           clock_add(now, NS_PER_S) < clock_add(clock_add(entry_born(e), ttl), stale);
}

static inline enum entry_state age_state(struct function *f, struct entry *e, uint64_t now)
{
    uint64_t when = atomic_load_explicit(&e->when, memory_order_relaxed);
    return entry_is_fresh(when, now) ? ENTRY_FRESH : age_of_old(f, e, now);
}

/* When it stopped being fresh by age, as far as that is still known. */
uint64_t age_ended(struct function *f, struct entry *e);

#endif
