#include "verb.h"
#include "runtime/compute/ask.h"
#include "runtime/compute/dependencies.h"
#include "runtime/compute/dependents.h"
#include "runtime/cache/age.h"
#include "runtime/cache/audit.h"
#include "runtime/cache/lease.h"
#include "runtime/cache/settle.h"
#include "runtime/cache/sweep.h"
#include "runtime/registry/observed.h"
#include "runtime/registry/played.h"
#include "base/clock.h"
#include "base/sync.h"

#include <string.h>

struct walk {
    enum swrcache_operation operation;
    struct function *f;
    const uint64_t *several; /* a bit for the number of each function that is meant; NULL: `f` says */
    cache_match *match;
    void *cookie;
    const struct verb_filter *filter;
    bool dry;
    uint64_t now;
    size_t matched;
    struct ripple ripple;
};

static void refresh(struct function *f, struct entry *e, uint64_t now)
{
    uint64_t mine;
    if (f->dictionary)
        return; /* nobody can compute it */
    lease_hasten(e);
    if (lease_claim(e, now, &mine) && !ask_refresh_now(e, mine))
        lease_return(e, mine, now, 0);
}

static bool means(const struct walk *w, const struct function *f)
{
    return w->several != NULL ? (w->several[f->number / 64] >> f->number % 64 & 1) != 0
                              : w->f == NULL || w->f == f;
}

static void consider(struct entry *e, void *cookie)
{
    struct walk *w = cookie;
    struct function *f = function_of_entry(e);
    struct key key = entry_key(e);
    if (!means(w, f) || !entry_is_of(e, atomic_load(&f->identity)) ||
        (w->match != NULL && !w->match(f, &key, w->cookie)))
        return;
    if (w->filter != NULL &&
        (w->now - entry_born(e) < w->filter->older || entry_bytes(e) <= w->filter->larger))
        return;
    bool live = age_state(f, e, w->now) != ENTRY_DEAD;
    w->matched += live && !(w->operation == SWRCACHE_OP_REFRESH && f->dictionary);
    if (w->dry)
        return;
    if (w->operation != SWRCACHE_OP_REFRESH)
        flight_disturb(f, entry_hash(e));
    if (w->operation == SWRCACHE_OP_INVALIDATE) {
        ripple_key(&w->ripple, f, key.hash);
        cache_drop_noted(f, e); /* no look at either afterwards: another thread may free it */
    } else if (live && w->operation == SWRCACHE_OP_EXPIRE) {
        cache_expire_entry(f, e, w->now);
        ripple_key(&w->ripple, f, entry_hash(e));
    } else if (live) {
        refresh(f, e, w->now);
    }
}

static void fence(struct flight *fl, void *cookie)
{
    struct walk *w = cookie;
    if (!means(w, fl->function) || (w->match != NULL && !w->match(fl->function, &fl->key, w->cookie)))
        return;
    if (w->operation == SWRCACHE_OP_EXPIRE) {
        fl->expired = true;
    } else {
        flight_fence(fl);
    }
    if (!fl->beside)
        ripple_key(&w->ripple, fl->function, fl->key.hash);
}

static void walk_all(struct walk *w)
{
    for (uint32_t s = 0; s < TABLE_SHARDS; s++) {
        struct table_walk place = {.thorough = w->match != NULL};
        bool fences = !w->dry && w->filter == NULL && w->operation != SWRCACHE_OP_REFRESH, more = true;
        while (more) {
            table_lock(&cache_table, s);
            if (fences)
                flight_visit(s, fence, w);
            fences = false;
            w->now = clock_now();
            more = table_each_some(&cache_table, s, &place, consider, w);
            table_unlock(&cache_table, s);
            epoch_tidy();
            cache_pause();
        }
        if (!w->dry && w->operation == SWRCACHE_OP_INVALIDATE)
            cache_tidy(s);
    }
}

size_t verb_run(enum swrcache_operation operation, struct function *f, cache_match *match, void *cookie,
                bool dry)
{
    return verb_filtered(operation, f, match, cookie, NULL, dry);
}

static enum observed_word word_of(enum swrcache_operation operation)
{
    return operation == SWRCACHE_OP_EXPIRE ? OBSERVED_OLD : OBSERVED_GONE;
}

size_t verb_filtered(enum swrcache_operation operation, struct function *f, cache_match *match, void *cookie,
                     const struct verb_filter *filter, bool dry)
{
    struct walk w = {
        .operation = operation, .f = f, .match = match, .cookie = cookie, .filter = filter, .dry = dry};
    w.ripple.operation = operation;
    uint64_t act = dry ? 0 : audit_begin_call(operation, f, NULL);
    walk_all(&w);
    uint32_t next = 0;
    bool acts = !dry && operation != SWRCACHE_OP_REFRESH && filter == NULL && observed_any();
    for (struct function *g; acts && (g = function_next(&next)) != NULL; function_release(g))
        if ((f == NULL || f == g) && match != NULL)
            played_some_taken(g, match, cookie, word_of(operation));
        else if (f == NULL || f == g)
            played_all_taken(g, word_of(operation));
    if (!dry && operation != SWRCACHE_OP_REFRESH) {
        if (match == NULL && filter == NULL) {
            if (f != NULL)
                ripple_whole(&w.ripple, f);
            struct function *each;
            for (uint32_t at = 0; f == NULL && (each = function_next(&at)) != NULL; function_release(each))
                ripple_whole(&w.ripple, each);
        } else if (f != NULL) {
            ripple_match(&w.ripple, f, filter == NULL ? match : NULL, cookie);
        }
        ripple_run(&w.ripple);
    }
    audit_end(act, w.matched);
    return w.matched;
}

size_t verb_invalidate_several(struct function *const *functions, size_t count)
{
    struct ripple ripple = {.operation = SWRCACHE_OP_INVALIDATE};
    uint64_t act = count == 1 ? audit_begin_call(SWRCACHE_OP_INVALIDATE, functions[0], NULL)
                              : audit_begin_call(SWRCACHE_OP_INVALIDATE, NULL, NULL);
    size_t matched = 0;
    bool all_must_go = false;
    SYNC_POINT("invalidate.before_bump");
    for (size_t i = 0; i < count; i++) {
        struct function *f = functions[i];
        matched += function_live(f);
        uint64_t raised = function_raise(f);
        /* Long before a generation's low bits come again no entry of it is left. */
        all_must_go |= raised % (FUNCTION_GENERATIONS / 2) == 0;
        atomic_store(&f->doomed, atomic_load(&f->entries));
        atomic_store(&f->invalidated_by, act);
        played_all_taken(f, OBSERVED_GONE);
        ripple_whole(&ripple, f);
    }
    ripple_run(&ripple);
    if (all_must_go)
        sweep_now();
    else
        sweep_ask();
    settle_ask();
    audit_end(act, matched);
    return matched;
}

/* In one walk, however many they are. */
static void run_several(enum swrcache_operation operation, struct function *const *functions, size_t count,
                        const uint64_t *several)
{
    struct walk w = {.operation = operation, .several = several, .ripple.operation = operation};
    uint64_t act = audit_begin_call(operation, count == 1 ? functions[0] : NULL, NULL);
    walk_all(&w);
    for (size_t i = 0; i < count && operation != SWRCACHE_OP_REFRESH; i++) {
        played_all_taken(functions[i], word_of(operation));
        ripple_whole(&w.ripple, functions[i]);
    }
    ripple_run(&w.ripple);
    audit_end(act, w.matched);
}

size_t verb_several(enum swrcache_operation operation, struct function *const *functions, size_t count,
                    bool dry)
{
    size_t matched = 0;
    bool walks = cache_held() <= SWEEP_LITTLE;
    if (count == 0)
        return 0;
    if (operation == SWRCACHE_OP_INVALIDATE && !walks && !dry)
        return verb_invalidate_several(functions, count);
    uint64_t *several = os_zalloc(FUNCTIONS_MAX / 8);
    if (several == NULL) {
        for (size_t i = 0; i < count; i++)
            matched += verb_run(operation, functions[i], NULL, NULL, dry);
        return matched;
    }
    for (size_t i = 0; i < count; i++) {
        several[functions[i]->number / 64] |= UINT64_C(1) << functions[i]->number % 64;
        matched += walks ? 0 : function_live(functions[i]);
    }
    /* Counted before anything is done: one may take results of another along. */
    struct walk counting = {.operation = operation, .several = several, .dry = true};
    if (walks)
        walk_all(&counting);
    if (!dry)
        run_several(operation, functions, count, several);
    os_free(several);
    return matched + counting.matched;
}

size_t verb_invalidate(struct function *f, cache_match *match, void *cookie, bool dry)
{
    /* A small table is walked: that counts exactly. */
    if (match != NULL || dry || cache_held() <= SWEEP_LITTLE)
        return verb_run(SWRCACHE_OP_INVALIDATE, f, match, cookie, dry);
    if (f != NULL)
        return verb_invalidate_several(&f, 1);
    /* One that is made meanwhile had nothing when this began. */
    uint32_t room = function_count(), count = 0, at = 0;
    struct function **all = os_alloc(room * sizeof(struct function *));
    if (all == NULL)
        return verb_run(SWRCACHE_OP_INVALIDATE, NULL, NULL, NULL, false);
    while (at < room && (f = function_next(&at)) != NULL)
        all[count++] = f;
    size_t matched = verb_invalidate_several(all, count);
    while (count > 0)
        function_release(all[--count]);
    os_free(all);
    return matched;
}

static bool same_key(struct function *f, const struct key *key, void *cookie)
{
    const struct key *wanted = cookie;
    (void)f;
    return key->len == wanted->len && memcmp(key->bytes, wanted->bytes, key->len) == 0;
}

size_t verb_key(struct function *f, enum swrcache_operation operation, const struct key *key)
{
    uint32_t shard = table_shard_of(key->hash);
    struct walk w = {.operation = operation, .f = f, .match = same_key, .cookie = (void *)(uintptr_t)key};
    w.ripple.operation = operation;
    uint64_t act = audit_begin_call(operation, f, key);
    table_lock(&cache_table, shard);
    if (operation != SWRCACHE_OP_REFRESH)
        flight_visit(shard, fence, &w);
    struct entry *e = table_find(&cache_table, atomic_load(&f->identity), key);
    w.now = clock_now();
    if (e != NULL)
        consider(e, &w);
    table_unlock(&cache_table, shard);
    if (operation != SWRCACHE_OP_REFRESH) {
        played_key_taken(f, key->hash, word_of(operation));
        ripple_key(&w.ripple, f, key->hash);
        ripple_run(&w.ripple);
    }
    audit_end(act, w.matched);
    return w.matched;
}

static void refresh_tagged(struct entry *e, uint64_t digest, void *cookie)
{
    struct function *f = function_of_entry(e);
    uint32_t shard = table_shard_of(entry_hash(e));
    (void)digest;
    table_lock(&cache_table, shard);
    if (table_holds(&cache_table, e)) {
        refresh(f, e, clock_now());
        ++*(size_t *)cookie;
    }
    table_unlock(&cache_table, shard);
    cache_unref(e);
    cache_pause();
}

static void count_tagged(struct entry *e, uint64_t digest, void *cookie)
{
    struct function *f = function_of_entry(e);
    (void)digest;
    *(size_t *)cookie +=
        age_state(f, e, clock_now()) != ENTRY_DEAD && entry_is_of(e, atomic_load(&f->identity));
    cache_unref(e);
    cache_pause();
}

size_t verb_tag(enum swrcache_operation operation, const char *tag, bool dry)
{
    struct mark_name name = mark_tag(tag);
    size_t matched = 0;
    if (dry) {
        mark_walk(name.id, count_tagged, &matched);
        return matched;
    }
    if (operation == SWRCACHE_OP_REFRESH) {
        mark_walk(name.id, refresh_tagged, &matched);
        return matched;
    }
    struct ripple ripple = {.operation = operation};
    ripple_tag(&ripple, tag);
    return ripple_run(&ripple);
}

size_t verb_expire(struct function *f, cache_match *match, void *cookie, bool dry)
{
    return verb_run(SWRCACHE_OP_EXPIRE, f, match, cookie, dry);
}

size_t verb_refresh(struct function *f, cache_match *match, void *cookie, bool dry)
{
    return verb_run(SWRCACHE_OP_REFRESH, f, match, cookie, dry);
}
