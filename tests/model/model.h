/*
 * model.h - what the cache should do, said once more in the plainest way: one thread, arrays, no hash, no
 * lock.
 *
 * Of each key the model knows whether there is an entry, its value, its times, its tags, and for each key
 * that its body asked what it saw there. Nothing here is shared with the runtime.
 */
#ifndef TEST_MODEL_H
#define TEST_MODEL_H

#include <limits.h>
#include <stdbool.h>
#include <string.h>

enum { KEYS = 6, NEVER_MS = INT_MAX };
/* NOTE: a dictionary. SMALL: bounded, it may lose entries. */
enum { LEAF, PAIR, OUTER, TOP, NOTE, SMALL, FUNCTIONS };
enum state { FRESH, STALE, FALLBACK, DEAD };
enum { INVALIDATE, EXPIRE };
enum { TAG_THIRD, TAG_FIXED = 3 }; /* bits: third:0..2, fixed */

static const struct times {
    long ttl, stale, error;
    bool caller; /* refreshed by the caller that finds it stale */
} times_of[FUNCTIONS] = {
    [LEAF] = {105, 100, 405, false},   [PAIR] = {205, 0, 0, true},  [OUTER] = {305, 1000, 0, false},
    [TOP] = {NEVER_MS, 100, 0, false}, [NOTE] = {155, 0, 0, false}, [SMALL] = {NEVER_MS, 0, 0, false}};

enum { NOTHING = 0, UNKNOWN = 1 }; /* what was seen of a key: no such dependency; no value */

struct entry_model {
    bool there, expired, queued;
    long value, fresh, end; /* end: of its own time to live, whatever it stands on */
    unsigned tags;
    long saw[FUNCTIONS][KEYS];
};

/* A computation: what gathers in it while its body runs. */
struct frame {
    long cap, began;
    unsigned tags;
    long saw[FUNCTIONS][KEYS];
};

static struct model {
    struct entry_model entries[FUNCTIONS][KEYS];
    long now, world[FUNCTIONS][KEYS];
    bool fails[KEYS]; /* LEAF's bodies */
    long changes, changed[FUNCTIONS][KEYS], changed_to[FUNCTIONS][KEYS];
    struct {
        int f, k;
    } queue[FUNCTIONS * KEYS];
    int queued;
} m;

static long seen_as(long value, bool failed)
{
    return value * 2 + 2 + failed;
}

static long ends_of(const struct entry_model *e, int f, long *dead)
{
    const struct times *t = &times_of[f];
    if (f == NOTE)
        return *dead = e->fresh; /* nobody computes it again */
    long stale = t->stale != 0 ? e->end + t->stale : e->expired ? e->end : e->fresh;
    *dead = t->error != 0 && e->end + t->error > stale ? e->end + t->error : stale;
    return stale;
}

static enum state model_state(int f, int k)
{
    const struct entry_model *e = &m.entries[f][k];
    long dead, stale = ends_of(e, f, &dead);
    return !e->there          ? DEAD
           : m.now < e->fresh ? FRESH
           : m.now < stale    ? STALE
           : m.now < dead     ? FALLBACK
                              : DEAD;
}

static void model_mark_changed(int f, int k, long to)
{
    m.changed[f][k] = ++m.changes;
    m.changed_to[f][k] = to;
}

/* Whoever stands on the key: gone, or expired. `not`: not those that saw just that. */
static void model_ripple(int verb, int f, int k, long not )
{
    for (int g = 0; g < FUNCTIONS; g++)
        for (int j = 0; j < KEYS; j++) {
            struct entry_model *e = &m.entries[g][j];
            if (!e->there || e->saw[f][k] == NOTHING || (not != 0 && e->saw[f][k] == not ))
                continue;
            if (verb == INVALIDATE) {
                e->there = false;
            } else if (model_state(g, j) == FRESH) {
                e->fresh = 0;
                e->expired = true;
                model_mark_changed(g, j, 0);
            } else {
                continue;
            }
            model_ripple(verb, g, j, 0);
        }
}

static void model_see(struct frame *to, int f, int k, long saw)
{
    if (to != NULL && (to->saw[f][k] == NOTHING || saw != UNKNOWN))
        to->saw[f][k] = saw;
}

static void model_take(struct frame *to, const long saw[FUNCTIONS][KEYS], unsigned tags, long cap)
{
    if (to == NULL)
        return;
    for (int g = 0; g < FUNCTIONS; g++)
        for (int j = 0; j < KEYS; j++)
            if (saw[g][j] != NOTHING)
                model_see(to, g, j, saw[g][j]);
    to->tags |= tags;
    if (cap < to->cap)
        to->cap = cap;
}

static unsigned fixed_tags(int f)
{
    return f == PAIR ? 1u << TAG_FIXED : 0;
}

static long model_call(int f, int k, struct frame *within, bool *hit);
static long model_get(int k, struct frame *within);

static long model_body(int f, int k, struct frame *frame)
{
    bool hit;
    if (f == LEAF)
        frame->tags |= 1u << (TAG_THIRD + k % 3);
    if (f == OUTER)
        return model_call(LEAF, k, frame, &hit) * 10 + model_call(PAIR, k, frame, &hit);
    if (f == TOP) {
        long sum = model_call(OUTER, k % 3, frame, &hit);
        return sum + model_get(k % 4, frame);
    }
    return f == LEAF && m.fails[k] ? -1 : m.world[f][k] * 100 + k;
}

static long model_compute(int f, int k, struct frame *within, bool *failed)
{
    struct frame frame = {.cap = NEVER_MS, .began = m.changes, .tags = fixed_tags(f)};
    struct entry_model *e = &m.entries[f][k];
    long value = model_body(f, k, &frame), fresh;
    long end = times_of[f].ttl == NEVER_MS ? NEVER_MS : m.now + times_of[f].ttl;
    *failed = f == LEAF && m.fails[k];
    bool outdated = false;
    for (int g = 0; g < FUNCTIONS; g++)
        for (int j = 0; j < KEYS; j++)
            outdated |= frame.saw[g][j] != NOTHING && m.changed[g][j] > frame.began &&
                        (m.changed_to[g][j] == 0 ||
                         (frame.saw[g][j] != UNKNOWN && m.changed_to[g][j] != frame.saw[g][j]));
    fresh = *failed ? m.now : end;
    if (frame.cap < fresh)
        fresh = frame.cap;
    if (outdated && !*failed)
        fresh = 0;
    if (!*failed) {
        bool replaces = e->there && e->value != value;
        *e = (struct entry_model){.there = true,
                                  .expired = outdated,
                                  .value = value,
                                  .fresh = fresh,
                                  .end = end,
                                  .tags = frame.tags};
        memcpy(e->saw, frame.saw, sizeof e->saw);
        if (replaces)
            model_mark_changed(f, k, seen_as(value, false));
        model_ripple(EXPIRE, f, k, seen_as(value, false));
    }
    model_take(within, frame.saw, frame.tags, fresh);
    model_see(within, f, k, seen_as(value, *failed));
    return value;
}

static long model_serve(int f, int k, struct frame *within)
{
    struct entry_model *e = &m.entries[f][k];
    model_take(within, e->saw, e->tags, e->fresh);
    model_see(within, f, k, seen_as(e->value, false));
    return e->value;
}

static long model_call(int f, int k, struct frame *within, bool *hit)
{
    struct entry_model *e = &m.entries[f][k];
    enum state state = model_state(f, k);
    bool failed;
    if (within != NULL) {
        model_see(within, f, k, UNKNOWN);
        within->tags |= fixed_tags(f);
    }
    *hit = state == FRESH || state == STALE;
    if (state == STALE && times_of[f].caller) {
        long value = model_compute(f, k, within, &failed);
        *hit = failed;
        return failed ? model_serve(f, k, within) : value;
    }
    if (state == STALE && !e->queued) {
        e->queued = true;
        m.queue[m.queued].f = f;
        m.queue[m.queued++].k = k;
    }
    if (*hit)
        return model_serve(f, k, within);
    long value = model_compute(f, k, within, &failed);
    if (failed && state == FALLBACK) {
        *hit = true;
        return model_serve(f, k, within);
    }
    return value;
}

/* The pool's work, until there is none. */
static void model_drain(void)
{
    for (int i = 0; i < m.queued; i++) {
        struct entry_model *e = &m.entries[m.queue[i].f][m.queue[i].k];
        bool failed, wanted = e->there && e->queued;
        e->queued = false;
        if (wanted)
            model_compute(m.queue[i].f, m.queue[i].k, NULL, &failed);
    }
    m.queued = 0;
}

static long model_get(int k, struct frame *within)
{
    model_see(within, NOTE, k, UNKNOWN);
    return model_state(NOTE, k) == FRESH ? model_serve(NOTE, k, within) : -1;
}

static void model_put(int k, long value, long ttl)
{
    long end = m.now + (ttl != 0 ? ttl : times_of[NOTE].ttl);
    m.entries[NOTE][k] = (struct entry_model){.there = true, .value = value, .fresh = end, .end = end};
    model_ripple(INVALIDATE, NOTE, k, 0);
}

static void model_touch(int verb, int f, int k, bool by_name)
{
    struct entry_model *e = &m.entries[f][k];
    bool fresh = e->there && model_state(f, k) == FRESH;
    if (verb == INVALIDATE) {
        e->there = false;
    } else if (fresh) {
        e->fresh = 0;
        e->expired = true;
    }
    if (by_name || fresh || verb == INVALIDATE) {
        model_mark_changed(f, k, 0);
        model_ripple(verb, f, k, 0);
    }
}

/* Keys of f from `from` to `to`. `exact`: just these, not also what stood on keys that are gone. */
static int model_verb(int verb, int f, int from, int to, bool exact, bool dry)
{
    int matched = 0;
    bool gone[KEYS];
    for (int k = from; k <= to; k++)
        matched += model_state(f, k) != DEAD;
    if (dry)
        return matched;
    for (int k = 0; k < KEYS; k++)
        gone[k] = !m.entries[f][k].there;
    for (int k = 0; k < KEYS; k++) {
        bool meant = k >= from && k <= to;
        bool live = meant && model_state(f, k) != DEAD;
        if ((meant && (exact || verb == INVALIDATE || live || m.entries[f][k].there)) || (!exact && gone[k]))
            model_touch(verb, f, k, true);
    }
    return matched;
}

static int model_whole(int verb, int f, bool dry)
{
    return model_verb(verb, f, 0, KEYS - 1, true, dry);
}

static int model_tag(int verb, int tag, bool dry)
{
    int matched = 0;
    bool meant[FUNCTIONS][KEYS];
    for (int f = 0; f < FUNCTIONS; f++)
        for (int k = 0; k < KEYS; k++) {
            meant[f][k] = m.entries[f][k].there && (m.entries[f][k].tags >> tag & 1) != 0;
            matched += meant[f][k] && model_state(f, k) != DEAD;
        }
    for (int f = 0; f < FUNCTIONS && !dry; f++)
        for (int k = 0; k < KEYS; k++)
            if (meant[f][k])
                model_touch(verb, f, k, false);
    return matched;
}

#endif
