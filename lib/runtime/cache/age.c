#include "age.h"

struct age_ends age_ends(struct function *f, struct entry *e)
{
    struct settings *s = &f->settings;
    uint8_t flags = entry_flags(e);
    uint64_t born = entry_born(e), fresh = entry_fresh_until(e);
    /* Nobody computes it again: old, by age or by somebody's word, it is never served. */
    if (f->dictionary)
        return (struct age_ends){fresh, fresh, fresh};
    if (flags & ENTRY_OWN_TTL)
        return (struct age_ends){fresh, entry_more(e)->stale_until, entry_more(e)->dead_until};
    if (flags & ENTRY_FAILED) {
        uint64_t until = clock_add(born, atomic_load(&s->negative));
        return (struct age_ends){fresh, until, until};
    }
    uint64_t end = clock_add(born, atomic_load(&s->ttl));
    uint64_t stale = atomic_load(&s->stale), error = atomic_load(&s->stale_if_error);
    struct age_ends ends = {.fresh = fresh, .stale = clock_add(end, stale), .dead = clock_add(end, error)};
    uint64_t lag = function_precise(f) ? 0 : clock_lag();
    /* Who was expired before its end may still be served until then. */
    if (stale == 0 && !(flags & ENTRY_EXPIRED))
        ends.stale = fresh;
    else if (stale != 0 && ends.stale != CLOCK_NEVER && stale > lag)
        ends.stale -= lag;
    if (error == 0 || ends.dead < ends.stale)
        ends.dead = ends.stale;
    return ends;
}

enum entry_state age_of_old(struct function *f, struct entry *e, uint64_t now)
{
    struct age_ends ends = age_ends(f, e);
    return now < ends.stale ? ENTRY_STALE : now < ends.dead ? ENTRY_FALLBACK : ENTRY_DEAD;
}

uint64_t age_ended(struct function *f, struct entry *e)
{
    uint64_t fresh = entry_fresh_until(e), born = entry_born(e);
    if (fresh != 0)
        return fresh;
    if (entry_flags(e) & ENTRY_OWN_TTL)
        return clock_add(born, entry_more(e)->own_ttl_ms * NS_PER_MS);
    return clock_add(born,
                     atomic_load(entry_flags(e) & ENTRY_FAILED ? &f->settings.negative : &f->settings.ttl));
}
