#include "compute.h"
#include "dependencies.h"
#include "dependents.h"
#include "guard.h"
#include "result.h"
#include "warm.h"
#include "runtime/cache/age.h"
#include "runtime/cache/audit.h"
#include "runtime/cache/history.h"
#include "runtime/cache/lease.h"
#include "runtime/cache/refresh_record.h"
#include "runtime/registry/mode.h"
#include "base/alive.h"
#include "base/clock.h"
#include "base/sync.h"

#include <errno.h>
#include <string.h>

static uint64_t back_off(struct function *f, uint32_t failures)
{
    struct settings *s = &f->settings;
    return lease_back_off(atomic_load(&s->retry), atomic_load(&s->retry_max), failures,
                          (unsigned)atomic_load(&s->jitter_pct), os_random());
}

static void set_times(struct function *f, struct flight *fl, struct entry *e, bool failed)
{
    struct age_policy policy = age_policy_of(f);
    struct age_birth birth = {
        .born = fl->started,
        .failed = failed,
        .own = fl->own_ttl,
        .ttl_ms = fl->ttl_ms,
        .stale_ms = fl->stale_ms,
        .fresh_cap = fl->fresh_cap,
        .jitter_pct = (unsigned)atomic_load(&f->settings.jitter_pct),
        .chance = os_random(),
    };
    age_begin(&policy, &birth, e);
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
    atomic_store(&record->refresh_errno, (uint16_t)error);
    entry_flag(e, ENTRY_TROUBLE);
    return failures;
}

/* Of objects only the addresses are known: they are never the same. */
static bool same_value(struct function *f, struct entry *a, struct entry *b)
{
    const uint8_t kind = ENTRY_NULL | ENTRY_FAILED;
    return f->site->form != SWRCACHE_FORM_OBJECT && entry_value_len(a) == entry_value_len(b) &&
           (entry_flags(a) & kind) == (entry_flags(b) & kind) &&
           memcmp(entry_value(a), entry_value(b), entry_value_len(a)) == 0;
}

static void note_not_stored(const struct flight *fl, struct entry *e, bool failed, int error)
{
    struct function *f = fl->function;
    if (fl->fenced)
        return; /* noted when it was fenced */
    if (fl->identity != atomic_load(&f->identity)) {
        audit_resume(atomic_load(&f->invalidated_by));
        history_note(fl->identity, &fl->key, HISTORY_FENCED, 0);
        audit_resume(0);
    } else if (failed)
        history_note(fl->identity, &fl->key, HISTORY_FAILED, error);
    else if (fl->skip)
        history_note(fl->identity, &fl->key, fl->crowded ? HISTORY_CROWDED : HISTORY_SKIPPED, 0);
    else if (fl->unnamed)
        history_note(fl->identity, &fl->key, HISTORY_UNNAMED, 0);
    else if (e != NULL && (entry_bytes(e) > f->bounds->max_bytes || entry_bytes(e) > cache_bounds.max_bytes ||
                           f->bounds->max_entries == 0))
        history_note(fl->identity, &fl->key, HISTORY_TOO_LARGE, 0);
    else
        history_note(fl->identity, &fl->key, HISTORY_NO_ROOM, 0);
}

struct entry *compute_publish(struct function *f, struct flight *fl, const struct swrcache_arg *args,
                              const void *result, int error, bool *failed_out)
{
    bool failed = fl->failed || result_failed(f, result), stored = false;
    uint64_t now = clock_now();
    uint32_t nnames;
    struct mark_name *names = dependencies_names(f, fl, &nnames);
    struct entry *e = result_keep(f, fl, args, result, names, nnames, failed || fl->own_ttl);
    if (e != NULL) {
        set_times(f, fl, e, failed);
        entry_set_cost(e, (now - fl->started) / 1000);
        if (failed) {
            entry_flag(e, ENTRY_FAILED);
            entry_more(e)->result_errno = error;
        }
    }
    *failed_out = failed;
    atomic_fetch_add(&f->cost_ns_total, now - fl->started);
    atomic_fetch_add(&f->computed, 1);
    if (fl->refresh)
        SYNC_POINT("refresh.before_publish");
    uint32_t shard = table_shard_of(fl->key.hash);
    table_lock(&cache_table, shard);
    struct entry *old = table_find(&cache_table, fl->identity, &fl->key);
    /* Linked first: who invalidates from here on finds the entry; who did before left a fence. */
    bool linked = e != NULL && mark_link(e), replaced = false, unchanged = false;
    dependencies_check(fl, names, nnames);
    bool kept =
        linked && !fl->unnamed && !fl->skip && !fl->fenced && fl->identity == atomic_load(&f->identity);
    bool old_good = old != NULL && age_state(f, old, now) != ENTRY_DEAD && !(entry_flags(old) & ENTRY_FAILED);
    fl->before = fl->refresh && e != NULL && old_good && !failed && !fl->skip && !fl->fenced &&
                         mode_kind(mode_of(f)) == FUNCTION_SHADOW
                     ? old
                     : NULL;
    if (fl->before != NULL)
        cache_ref(fl->before);
    bool outlives = failed && (old_good || atomic_load(&f->settings.negative) == 0);
    if (e != NULL && kept && !outlives && !(old != NULL && entry_born(old) > entry_born(e))) {
        if (old != NULL) {
            atomic_store(&e->use, atomic_load(&old->use));
            warm_carry(f, old, e);
        }
        if (fl->expired && !failed) {
            entry_set_fresh_until(e, 0);
            entry_flag(e, ENTRY_EXPIRED);
        }
        unchanged = old != NULL && same_value(f, old, e);
        replaced = old != NULL && !unchanged;
        stored = cache_store(f, old, e);
    }
    uint64_t again = CLOCK_NEVER;
    if (!stored && old != NULL) {
        again = clock_add(now, back_off(f, failed && !fl->fenced ? note_failure(old, error) : 1));
        lease_end(old, now, again);
    } else if (stored && warm_failure(e)) {
        again = clock_add(now, back_off(f, note_failure(e, error)));
    }
    struct entry *warm = atomic_load(&f->settings.keep_warm) == 0 ? NULL : stored ? e : old;
    if (warm != NULL)
        cache_ref(warm);
    if (linked && !stored)
        mark_unlink(e);
    flight_unlist(fl);
    table_unlock(&cache_table, shard);
    flight_settle(fl, FLIGHT_DONE, e);
    dependencies_free_names(names);
    if (!stored)
        note_not_stored(fl, e, failed, error);
    if (warm != NULL) {
        if (stored && !failed)
            warm_begin(f, warm);
        else
            warm_again(f, warm, again);
        cache_unref(warm);
    }
    if (stored) {
        if (atomic_load(&f->inner) && !failed)
            dependents_stored(f, e, replaced);
        cache_trim(f);
    }
    struct thread *t = thread_current;
    if (t != NULL && failed)
        thread_count(t, f, COUNTER_failures);
    else if (t != NULL && !stored)
        thread_count(t, f, COUNTER_not_stored);
    else if (t != NULL && fl->refresh && unchanged)
        thread_count(t, f, COUNTER_unchanged);
    return e;
}

/* Nobody waits for it any more, and the key may be computed by others. */
static void give_up(struct thread *t, struct flight *fl)
{
    uint32_t shard = table_shard_of(fl->key.hash);
    table_lock(&cache_table, shard);
    struct entry *old = table_find(&cache_table, fl->identity, &fl->key);
    uint64_t now = clock_now();
    if (old != NULL) {
        lease_end(old, now, 0);
        cache_ref(old);
    }
    fl->fenced = true;
    flight_unlist(fl);
    table_unlock(&cache_table, shard);
    flight_settle(fl, FLIGHT_ABANDONED, NULL);
    if (old != NULL) {
        warm_again(fl->function, old, clock_add(now, back_off(fl->function, 1)));
        cache_unref(old);
    }
    thread_count(t, fl->function, COUNTER_failures);
}

static void unwound(struct thread *t, struct frame *frame)
{
    struct flight *fl = (struct flight *)frame;
    give_up(t, fl);
    flight_unref(fl);
}

/* A body that may come back after all, on another stack, may still write where it was told to. */
static void left(struct thread *t, struct frame *frame)
{
    struct flight *fl = (struct flight *)frame;
    if (!frame->aside)
        give_up(t, fl);
    if (!frame->aside && fl->room != NULL)
        frame_put_aside(t, frame);
    else
        flight_unref(fl);
}

static const struct frame_kind computation = {true, unwound, left};

bool compute_body(struct flight *fl, struct body *b)
{
    fl->owner = b->thread;
    fl->tid = b->thread->tid;
    fl->frame.kind = &computation;
    fl->frame.name = fl->function->site->name;
    b->frame = &fl->frame;
    b->run = fl->function->site->run;
    return body_run(b);
}

enum computed compute_run(struct thread *t, struct function *f, struct flight *fl,
                          const struct swrcache_arg *args, void *result, struct entry **e)
{
    struct body body = {.thread = t, .args = args, .result = result};
    bool failed;
    *e = NULL;
    /* The body may never return: nothing of the call may be held by it. */
    thread_drop_key(t);
    if (!compute_body(fl, &body)) {
        errno = body.error;
        return COMPUTED_LOST;
    }
    *e = compute_publish(f, fl, args, result, body.error, &failed);
    if (t->bound != NULL) {
        dependencies_took(t->bound, fl);
        if (*e != NULL)
            dependencies_saw(t->bound, f, *e);
    }
    errno = body.error;
    return failed ? COMPUTED_FAILED : COMPUTED;
}
