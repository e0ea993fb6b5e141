#include "age.h"

/* An end as calls see it whose clock lags. One that comes no later than the lag after `begin` stays. */
static uint64_t seen_by_calls(const struct age_policy *p, uint64_t begin, uint64_t end)
{
    return end != CLOCK_NEVER && end > clock_add(begin, p->lag) ? end - p->lag : end;
}

struct age_ends age_ends(const struct age_policy *p, struct entry *e)
{
    uint8_t flags = entry_flags(e);
    uint64_t born = entry_born(e), fresh = entry_fresh_until(e);
    /* Old, by age or by somebody's word, it is never served. */
    if (p->dictionary)
        return (struct age_ends){fresh, fresh, fresh};
    if (entry_has_own_times(e))
        return (struct age_ends){fresh, entry_more(e)->stale_until, entry_more(e)->dead_until};
    if (flags & ENTRY_FAILED) {
        uint64_t until = clock_add(born, p->negative);
        return (struct age_ends){fresh, until, until};
    }
    uint64_t end = clock_add(born, p->ttl);
    struct age_ends ends = {.fresh = fresh, .dead = clock_add(end, p->stale_if_error)};
    /* Without a stale time, who was expired before its end may still be served until then. */
    if (p->stale == 0)
        ends.stale = flags & ENTRY_EXPIRED ? end : fresh;
    else
        ends.stale = seen_by_calls(p, end, clock_add(end, p->stale));
    if (p->stale_if_error == 0 || ends.dead < ends.stale)
        ends.dead = ends.stale;
    return ends;
}

enum entry_state age_of_old(const struct age_policy *p, struct entry *e, uint64_t now, uint64_t behind)
{
    struct age_ends ends = age_ends(p, e);
    uint64_t latest = clock_add(now, behind);
    if ((entry_flags(e) & ENTRY_FAILED ? latest : now) < ends.stale)
        return ENTRY_STALE;
    return latest < ends.dead ? ENTRY_FALLBACK : ENTRY_DEAD;
}

/* A time that a body gave, or the policy's. */
static uint64_t given_or(int64_t ms, uint64_t policy)
{
    if (ms == SWRCACHE_UNSET)
        return policy;
    return ms == SWR_FOREVER ? CLOCK_NEVER : (uint64_t)ms * NS_PER_MS;
}

uint64_t age_fresh_until(const struct age_policy *p, const struct age_birth *birth)
{
    if (birth->failed)
        return clock_add(birth->born, p->negative);
    uint64_t ttl = birth->own ? given_or(birth->ttl_ms, p->ttl) : p->ttl;
    uint64_t fresh = clock_add(birth->born, ttl), spread = ttl / 100 * birth->jitter_pct;
    if (ttl != CLOCK_NEVER && spread != 0)
        fresh -= birth->chance % (spread + 1);
    fresh = seen_by_calls(p, birth->born, fresh);
    return fresh < birth->fresh_cap ? fresh : birth->fresh_cap;
}

void age_begin(const struct age_policy *p, const struct age_birth *birth, struct entry *e)
{
    uint64_t born = birth->born, fresh = age_fresh_until(p, birth);
    entry_set_born(e, born);
    entry_set_fresh_until(e, fresh);
    if (!birth->own || birth->failed)
        return;
    uint64_t ttl = given_or(birth->ttl_ms, p->ttl), stale = given_or(birth->stale_ms, p->stale);
    uint64_t end = clock_add(born, ttl);
    /* The ends of others follow from the policy. */
    struct entry_more *more = entry_more(e);
    more->own_ttl_ms = ttl / NS_PER_MS < UINT32_MAX ? (uint32_t)(ttl / NS_PER_MS) : UINT32_MAX;
    more->stale_until = stale == 0 ? fresh : seen_by_calls(p, end, clock_add(end, stale));
    more->dead_until = clock_add(end, p->stale_if_error);
    if (p->stale_if_error == 0 || more->dead_until < more->stale_until)
        more->dead_until = more->stale_until;
}

uint64_t age_ended(const struct age_policy *p, struct entry *e)
{
    uint64_t fresh = entry_fresh_until(e), born = entry_born(e);
    if (fresh != 0)
        return fresh;
    if (entry_has_own_times(e))
        return clock_add(born, entry_more(e)->own_ttl_ms * NS_PER_MS);
    return clock_add(born, entry_flags(e) & ENTRY_FAILED ? p->negative : p->ttl);
}
