#include "publish.h"
#include "dependencies.h"
#include "dependents.h"
#include "result.h"
#include "warm.h"
#include "runtime/cache/age.h"
#include "runtime/cache/audit.h"
#include "runtime/cache/lease.h"
#include "runtime/cache/refresh_record.h"
#include "runtime/cache/retired.h"
#include "runtime/cache/verdict.h"
#include "runtime/registry/mode.h"
#include "runtime/setting/complaint.h"
#include "base/clock.h"
#include "base/sync.h"

#include <string.h>

/* A computation that ended, from its result to what follows. */
struct publication {
    struct function *f;
    struct flight *fl;
    bool failed;
    int error;
    uint64_t now;
    struct entry *e;   /* of the result; NULL: no memory */
    struct entry *old; /* what stands in the table under its key; as long as the shard is locked */
    bool clogged;      /* what is retired takes the memory that it would need */
    bool linked;       /* the marks of `e` are in the index */
    bool good;         /* `old` is a value that can be served */
    bool same;         /* stored, with the value that stood there */
    enum verdict verdict;
    uint64_t again; /* when refreshing may begin again; CLOCK_NEVER: nothing failed */
};

uint64_t publish_rested(struct function *f, uint64_t now, uint32_t failures)
{
    struct settings *s = &f->settings;
    return clock_add(now, lease_back_off(atomic_load(&s->retry), atomic_load(&s->retry_max), failures,
                                         (unsigned)atomic_load(&s->jitter_pct), os_random()));
}

/* Shard locked: who changes the settings changes the times of what was stored before. */
static void set_times(const struct publication *p)
{
    if (p->e == NULL)
        return;
    struct age_policy policy = age_policy_of(p->f);
    struct age_birth birth = {
        .born = p->fl->started,
        .failed = p->failed,
        .own = p->fl->own_ttl,
        .ttl_ms = p->fl->ttl_ms,
        .stale_ms = p->fl->stale_ms,
        .fresh_cap = p->fl->fresh_cap,
        .jitter_pct = (unsigned)atomic_load(&p->f->settings.jitter_pct),
        .chance = os_random(),
    };
    age_begin(&policy, &birth, p->e);
}

static void make_entry(struct publication *p, const struct swrcache_arg *args, void *result,
                       const struct mark_name *names, uint32_t nnames)
{
    p->e = result_keep(p->f, p->fl, args, result, names, nnames, p->failed || p->fl->own_ttl);
    if (p->e == NULL)
        return;
    entry_set_cost(p->e, (p->now - p->fl->started) / 1000);
    if (p->failed) {
        entry_flag(p->e, ENTRY_FAILED);
        entry_more(p->e)->result_errno = p->error;
    }
}

/* Shard locked. */
static void judge(struct publication *p)
{
    struct function *f = p->f;
    struct flight *fl = p->fl;
    p->good =
        p->old != NULL && age_state(f, p->old, p->now) != ENTRY_DEAD && !(entry_flags(p->old) & ENTRY_FAILED);
    struct ended ended = {
        .made = p->e != NULL,
        .linked = p->linked && fl->unnamed != UNNAMED_NO_MEMORY,
        .fits = p->e != NULL && cache_fits(f, p->e),
        .failed = p->failed,
        .fenced = fl->fenced,
        .raised = fl->identity != atomic_load(&f->identity),
        .skipped = fl->skip || fl->apart,
        .crowded = fl->crowded,
        .unnamed = fl->unnamed == UNNAMED_BAD,
        .too_many = fl->unnamed == UNNAMED_TOO_MANY,
        .clogged = p->clogged,
        .good = p->good,
        .older = p->e != NULL && p->old != NULL && entry_born(p->old) > entry_born(p->e),
        .forgetting = atomic_load(&f->settings.negative) == 0,
    };
    p->verdict = verdict_of(&ended);
}

/* Shard locked. What a refresh replaces is kept for the comparison. */
static void keep_before(const struct publication *p)
{
    struct flight *fl = p->fl;
    bool compared = fl->refresh && p->e != NULL && p->good && !p->failed && !fl->skip && !fl->fenced &&
                    mode_kind(mode_of(p->f)) == FUNCTION_SHADOW;
    fl->before = compared ? p->old : NULL;
    if (compared)
        cache_ref(p->old);
}

/* Of objects only the addresses are known: they are never the same. */
static bool same_value(struct function *f, struct entry *a, struct entry *b)
{
    const uint8_t kind = ENTRY_NULL | ENTRY_FAILED;
    return f->site->form != SWRCACHE_FORM_OBJECT && entry_value_len(a) == entry_value_len(b) &&
           (entry_flags(a) & kind) == (entry_flags(b) & kind) &&
           memcmp(entry_value(a), entry_value(b), entry_value_len(a)) == 0;
}

/* Shard locked. */
static void store(struct publication *p)
{
    if (p->old != NULL) {
        atomic_store(&p->e->use, atomic_load(&p->old->use));
        warm_carry(p->f, p->old, p->e);
    }
    if (p->fl->expired && !p->failed) {
        entry_set_fresh_until(p->e, 0);
        entry_flag(p->e, ENTRY_EXPIRED);
    }
    p->same = p->old != NULL && same_value(p->f, p->old, p->e);
    if (!cache_store(p->f, p->old, p->e))
        p->verdict = p->failed ? VERDICT_FAILED : VERDICT_NO_MEMORY;
}

/* A refresh failed; how many have in a row. */
static uint8_t note_failure(struct entry *e, int error)
{
    struct refresh_record *record = refresh_record_make(e);
    if (record == NULL)
        return 1;
    uint8_t failures = atomic_load(&record->failures);
    failures += failures < UINT8_MAX;
    atomic_store(&record->failures, failures);
    atomic_store(&record->refresh_errno, error);
    entry_flag(e, ENTRY_TROUBLE);
    return failures;
}

/* Shard locked. What stands there now has no lease any more, and rests if nothing good came; its timer is
 * set.
 */
static void rest(struct publication *p)
{
    bool stored = p->verdict == VERDICT_STORED;
    p->again = CLOCK_NEVER;
    if (!stored && p->old != NULL) {
        bool counts = p->failed && p->verdict != VERDICT_FENCED;
        p->again = publish_rested(p->f, p->now, counts ? note_failure(p->old, p->error) : 1);
        lease_end(p->old, p->now, p->again);
    } else if (stored && warm_failure(p->e)) {
        p->again = publish_rested(p->f, p->now, note_failure(p->e, p->error));
    }
    if (stored && !p->failed)
        warm_begin(p->f, p->e);
    else if (stored || p->old != NULL)
        warm_again(p->f, stored ? p->e : p->old, p->again);
}

static void note_history(const struct publication *p)
{
    enum history_what what = verdict_noted(p->verdict);
    if (what == 0)
        return;
    if (p->verdict == VERDICT_RAISED)
        audit_resume(atomic_load(&p->f->invalidated_by));
    history_note(p->fl->identity, &p->fl->key, what, p->verdict == VERDICT_FAILED ? p->error : 0);
    if (p->verdict == VERDICT_RAISED)
        audit_resume(0);
}

static void count(const struct publication *p)
{
    struct thread *t = thread_current;
    if (t == NULL)
        return;
    if (p->failed)
        thread_count(t, p->f, COUNTER_failures);
    else if (p->verdict != VERDICT_STORED)
        thread_count(t, p->f, COUNTER_not_stored);
    else if (p->fl->refresh && p->same)
        thread_count(t, p->f, COUNTER_unchanged);
}

struct entry *compute_publish(struct function *f, struct flight *fl, const struct swrcache_arg *args,
                              void *result, int error, bool *failed)
{
    struct publication p = {.f = f, .fl = fl, .error = error};
    uint32_t nnames, shard = table_shard_of(fl->key.hash);
    *failed = p.failed = fl->failed || result_fails(f, result);
    p.now = clock_now();
    struct mark_name *names = dependencies_names(f, fl, &nnames);
    make_entry(&p, args, result, names, nnames);
    atomic_fetch_add(&f->cost_ns_total, p.now - fl->started);
    atomic_fetch_add(&f->computed, 1);
    if (fl->refresh)
        SYNC_POINT("refresh.before_publish");
    p.clogged = retired_clogs();
    table_lock(&cache_table, shard);
    set_times(&p);
    p.old = table_find(&cache_table, fl->identity, &fl->key);
    /* Linked first: who invalidates from here on finds the entry; who did before left a fence. */
    p.linked = p.e != NULL && mark_link(p.e);
    dependencies_check(fl, names, nnames);
    judge(&p);
    keep_before(&p);
    bool replaces = p.old != NULL;
    if (p.verdict == VERDICT_STORED)
        store(&p);
    rest(&p);
    bool stored = p.verdict == VERDICT_STORED, tells = stored && !p.failed && dependents_about_to(f);
    if (p.linked && !stored)
        mark_unlink(p.e);
    flight_unlist(fl);
    table_unlock(&cache_table, shard);
    SYNC_POINT("publish.stored");
    flight_settle(fl, FLIGHT_DONE, fl->apart ? NULL : p.e);
    dependencies_free_names(names);
    note_history(&p);
    if (p.verdict == VERDICT_TOO_MANY)
        option_complain("%.80s: a result is not stored: more than %d tags and keys that it stands on",
                        f->site->name, FLIGHT_NAMES);
    if (tells)
        dependents_stored(f, p.e, replaces && !p.same);
    if (stored)
        cache_trim(f);
    count(&p);
    return p.e;
}
