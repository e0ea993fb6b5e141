#define _GNU_SOURCE
#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/print.h"
#include "core/target.h"
#include "runtime/cache.h"
#include "runtime/flight.h"
#include "runtime/option.h"
#include "runtime/pool.h"

enum { KEY_TEXT = 2048, VALUE_TEXT = 256, PAGE = 4096, FLIGHTS = 256, FLIGHT_TEXT = 192, ERROR_TEXT = 512 };

typedef void command_fn(const struct wire_line *request, struct wire_buffer *out);

#define COMMAND(verb, fields, help) static command_fn run_##verb;
#include "command.def"
#undef COMMAND

static const struct command {
    const char *verb, *fields;
    command_fn *run;
} commands[] = {
#define COMMAND(verb, fields, help) {#verb, fields, run_##verb},
#include "command.def"
#undef COMMAND
};

/* Settings that `set` may change, and which of a function's it did. */
enum setting_kind { SETTING_TIME, SETTING_COUNT, SETTING_SIZE };
static const struct setting {
    const char *name;
    enum setting_kind kind;
    size_t offset, annotated;
} settings[] = {
#define SETTING(name, kind, field)                                                                           \
    {                                                                                                        \
#name, kind, offsetof(struct settings, name), offsetof(struct swrcache_policy, field)                \
    }
    SETTING(ttl, SETTING_TIME, ttl_ms),
    SETTING(stale, SETTING_TIME, stale_ms),
    SETTING(stale_if_error, SETTING_TIME, stale_if_error_ms),
    SETTING(negative, SETTING_TIME, negative_ms),
    SETTING(wait, SETTING_TIME, wait_ms),
    SETTING(keep_warm, SETTING_TIME, keep_warm_ms),
    SETTING(retry, SETTING_TIME, retry_ms),
    SETTING(retry_max, SETTING_TIME, retry_max_ms),
    SETTING(jitter_pct, SETTING_COUNT, jitter_pct),
    SETTING(max_entries, SETTING_COUNT, max_entries),
    SETTING(max_bytes, SETTING_SIZE, max_bytes),
#undef SETTING
};
enum { SETTINGS = sizeof settings / sizeof settings[0] };
static uint32_t
    changed[FUNCTIONS_MAX]; /* bit i: settings[i] was set by a command; the control thread's alone */

static _Atomic uint64_t *setting_of(struct function *f, const struct setting *s)
{
    return (_Atomic uint64_t *)(void *)((char *)&f->settings + s->offset);
}

static void error(struct wire_buffer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One `error` line in the place of whatever the reply held; a line stays a line. */
static void error(struct wire_buffer *out, const char *format, ...)
{
    char text[ERROR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (char *s = text; *s != 0; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7F)
            *s = '?';
    out->len = out->record = 0;
    out->full = false;
    out->max = WIRE_OUT_MAX;
    wire_text(out, "error ");
    wire_text(out, text);
}

static void ok(struct wire_buffer *out)
{
    out->max = WIRE_OUT_MAX; /* the room kept for the status */
    wire_text(out, "ok");
}

static void field_ms(struct wire_buffer *out, const char *name, uint64_t ns)
{
    if (ns == CLOCK_NEVER)
        wire_field(out, name, "inf");
    else
        wire_number(out, name, ns / NS_PER_MS);
}

static struct function *function_named(const char *name, uint32_t *from)
{
    uint32_t count = function_count();
    for (uint32_t i = *from; i < count; i++) {
        struct function *f = function_at(i);
        if (f != NULL && strcmp(f->site->name, name) == 0) {
            *from = i + 1;
            return f;
        }
    }
    return NULL;
}

static bool secret(const struct function *f)
{
    return f->annotated.secret == 1;
}

static void print_entry_key(struct function *f, const struct key *key, char *text, size_t room)
{
    struct print p;
    print_start(&p, text, room);
    print_key(&p, f->site->name, &f->shape, key, secret(f));
}

static const char *unknown(char *text, size_t room, const char *name)
{
    int n = snprintf(text, room, "no function %.100s here; there are:", name);
    uint32_t count = function_count();
    for (uint32_t i = 0; i < count && n > 0 && (size_t)n < room; i++)
        n += snprintf(text + n, room - (size_t)n, " %s",
                      function_at(i) != NULL ? function_at(i)->site->name : "");
    return text;
}

static void run_ping(const struct wire_line *request, struct wire_buffer *out)
{
    uint64_t hits = 0, calls = 0;
    uint32_t count = function_count();
    (void)request;
    for (uint32_t i = 0; i < count; i++) {
        struct function *f = function_at(i);
        if (f == NULL)
            continue;
        uint64_t good = function_counter(f, COUNTER_hits) + function_counter(f, COUNTER_stale_hits);
        hits += good;
        calls += good + function_counter(f, COUNTER_misses) + function_counter(f, COUNTER_coalesced) +
                 function_counter(f, COUNTER_fallback_hits) + function_counter(f, COUNTER_bypasses);
    }
    wire_number(out, "pid", (uint64_t)getpid());
    wire_field(out, "program", program_invocation_short_name);
    wire_number(out, "functions", count);
    wire_number(out, "entries", cache_entries());
    wire_number(out, "bytes", cache_bytes());
    wire_number(out, "hit_pct", calls == 0 ? 0 : hits * 100 / calls);
    wire_end(out);
    ok(out);
}

static void run_functions(const struct wire_line *request, struct wire_buffer *out)
{
    uint32_t count = function_count(), left_out = 0;
    (void)request;
    for (uint32_t i = 0; i < count; i++) {
        struct function *f = function_at(i);
        if (f == NULL)
            continue;
        uint64_t computed = atomic_load(&f->computed), cost = atomic_load(&f->cost_ns_total);
        uint64_t mean_us = computed == 0 ? 0 : cost / computed / 1000;
        uint64_t served = function_counter(f, COUNTER_hits) + function_counter(f, COUNTER_stale_hits);
        wire_field(out, "name", f->site->name);
        wire_field(out, "mode", atomic_load(&f->mode) == FUNCTION_ON ? "on" : "off");
        for (uint32_t c = 0; c < COUNTERS; c++)
            wire_number(out, counter_names[c], function_counter(f, (enum counter)c));
        wire_number(out, "entries", atomic_load(&f->entries));
        wire_number(out, "bytes", atomic_load(&f->bytes));
        wire_number(out, "cost_us", mean_us);
        wire_number(out, "saved_ms", served * mean_us / 1000);
        wire_number(out, "secret", secret(f));
        wire_field(out, "file", f->site->file);
        wire_number(out, "line", f->site->line);
        for (uint32_t s = 0; s < SETTINGS; s++) {
            char name[40];
            uint64_t value = atomic_load(setting_of(f, &settings[s]));
            int64_t annotated;
            memcpy(&annotated, (const char *)&f->annotated + settings[s].annotated, sizeof annotated);
            snprintf(name, sizeof name, "%s%s", settings[s].name,
                     settings[s].kind == SETTING_TIME ? "_ms" : "");
            if (settings[s].kind == SETTING_TIME)
                field_ms(out, name, value);
            else if (value >= INT64_MAX)
                wire_field(out, name, "inf");
            else
                wire_number(out, name, value);
            snprintf(name, sizeof name, "%s_from", settings[s].name);
            wire_field(out, name,
                       changed[i] >> s & 1           ? "set"
                       : annotated != SWRCACHE_UNSET ? "annotation"
                                                     : "default");
        }
        left_out += !wire_end(out);
    }
    ok(out);
    if (left_out != 0)
        wire_number(out, "left_out", left_out);
}

/* Entries picked under the shards' locks, each with a reference, written once no lock is held. */
struct pick {
    struct function *f;
    struct entry *e;
    uint64_t rank;
    uint32_t shard, index; /* where it stood */
};

enum sort { SORT_NONE, SORT_AGE, SORT_HITS, SORT_SIZE, SORT_COST };

struct picking {
    struct pick *picks;
    size_t count, room;
    enum sort sort;
    const char *name, *match;
    uint32_t from, skip;   /* the first shard wanted, and how many of it were shown before */
    uint32_t shard, index; /* of the entry being shown */
    bool more;
    bool ranking;   /* first walk of a sorted one: ranks alone, no references, for none may be given back here */
    uint64_t least; /* second walk: the rank to reach */
    uint64_t matched;
};

static bool above(const struct pick *a, const struct pick *b)
{
    return a->rank < b->rank;
}

static void sift(struct pick *heap, size_t count, size_t i)
{
    for (;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < count; child++)
            if (above(&heap[child], &heap[least]))
                least = child;
        if (least == i)
            return;
        struct pick t = heap[i];
        heap[i] = heap[least];
        heap[least] = t;
        i = least;
    }
}

static uint64_t rank_of(enum sort sort, const struct entry *e)
{
    switch (sort) {
    case SORT_AGE:
        return UINT64_MAX - e->born;
    case SORT_HITS:
        return atomic_load(&((struct entry *)(uintptr_t)e)->hits);
    case SORT_SIZE:
        return entry_bytes(e);
    case SORT_COST:
        return e->cost_us;
    default:
        return 0;
    }
}

static void pick_visit(struct function *f, struct entry *e, void *cookie)
{
    struct picking *w = cookie;
    char text[KEY_TEXT];
    uint32_t shard = table_shard_of(e->hash);
    if (shard != w->shard) {
        w->shard = shard;
        w->index = 0;
    }
    uint32_t index = w->index++;
    if (f == NULL || shard < w->from || (shard == w->from && index < w->skip) || w->more ||
        e->identity != atomic_load(&f->identity) || (w->name != NULL && strcmp(w->name, f->site->name) != 0))
        return;
    struct key key = entry_key(e);
    if (w->match != NULL) {
        print_entry_key(f, &key, text, sizeof text);
        if (!target_glob(w->match, text))
            return;
    }
    struct pick p = {f, e, rank_of(w->sort, e), shard, index};
    if (w->ranking) {
        w->matched++;
        p.e = NULL;
        if (w->count < w->room) {
            w->picks[w->count++] = p;
            if (w->count == w->room)
                for (size_t i = w->count / 2; i-- > 0;)
                    sift(w->picks, w->count, i);
        } else if (above(&w->picks[0], &p)) {
            w->picks[0] = p;
            sift(w->picks, w->count, 0);
        }
    } else if (p.rank < w->least) {
        return;
    } else if (w->count < w->room) {
        cache_ref(e);
        w->picks[w->count++] = p;
    } else if (w->sort == SORT_NONE) {
        w->more = true;
        w->from = shard;
        w->skip = index;
    }
}

static int by_rank(const void *a, const void *b)
{
    const struct pick *x = a, *y = b;
    return x->rank < y->rank ? 1 : x->rank > y->rank ? -1 : 0;
}

static const char *const state_names[] = {"fresh", "stale", "fallback", "dead"};

static void entry_times(struct wire_buffer *out, struct entry *e, uint64_t now)
{
    enum entry_state state = entry_state(e, now);
    _Atomic uint64_t *ends[] = {&e->fresh_until, &e->stale_until, &e->dead_until};
    wire_field(out, "state", state_names[state]);
    wire_number(out, "age_ms", now > e->born ? (now - e->born) / NS_PER_MS : 0);
    if (state != ENTRY_DEAD) {
        uint64_t end = atomic_load(ends[state]);
        field_ms(out, "left_ms", end == CLOCK_NEVER ? end : end > now ? end - now : 0);
    }
    if (atomic_load(&e->failures) != 0) {
        wire_number(out, "failures", atomic_load(&e->failures));
        wire_number(out, "refresh_errno", atomic_load(&e->refresh_errno));
    }
}

static void entry_record(struct wire_buffer *out, struct function *f, struct entry *e)
{
    char text[KEY_TEXT];
    struct key key = entry_key(e);
    uint8_t flags = atomic_load(&e->flags);
    print_entry_key(f, &key, text, sizeof text);
    wire_field(out, "function", f->site->name);
    wire_field(out, "key", text);
    entry_times(out, e, clock_now());
    wire_number(out, "hits", atomic_load(&e->hits));
    wire_number(out, "size", entry_bytes(e));
    wire_number(out, "cost_us", e->cost_us);
    if (flags & ENTRY_FAILED)
        wire_number(out, "failed_errno", e->result_errno);
    if (secret(f)) {
        wire_field(out, "value", "***");
    } else {
        struct print p;
        print_start(&p, text, VALUE_TEXT);
        print_value(&p, f->site, &f->shape, &key, entry_value(e), e->value_len, (flags & ENTRY_NULL) != 0);
        wire_field(out, "value", text);
    }
}

static bool number_of(const struct wire_line *request, const char *name, uint64_t otherwise, uint64_t *value)
{
    const char *text = wire_get(request, name);
    char *end;
    *value = otherwise;
    if (text == NULL)
        return true;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == 0 && errno == 0;
}

static void run_inspect(const struct wire_line *request, struct wire_buffer *out)
{
    static const char *const sorts[] = {"", "age", "hits", "size", "cost"};
    struct picking w = {
        .name = wire_get(request, "function"), .match = wire_get(request, "match"), .shard = UINT32_MAX};
    const char *sort = wire_get(request, "sort");
    char text[ERROR_TEXT];
    uint64_t limit, from, skip;
    uint32_t at = 0;
    if (!number_of(request, "limit", PAGE, &limit) || !number_of(request, "from", 0, &from) ||
        !number_of(request, "skip", 0, &skip) || limit == 0) {
        error(out, "limit, from and skip are numbers, limit above 0");
        return;
    }
    if (sort != NULL) {
        while (w.sort <= SORT_COST && strcmp(sorts[w.sort], sort) != 0)
            w.sort++;
        if (w.sort > SORT_COST || w.sort == SORT_NONE) {
            error(out, "cannot sort by %.100s; sort by age, hits, size or cost", sort);
            return;
        }
    }
    if (w.name != NULL && function_named(w.name, &at) == NULL) {
        error(out, "%s", unknown(text, sizeof text, w.name));
        return;
    }
    w.room = limit < PAGE ? limit : PAGE;
    w.from = (uint32_t)from;
    w.skip = (uint32_t)skip;
    w.picks = os_alloc(w.room * sizeof *w.picks);
    if (w.picks == NULL) {
        error(out, "no memory");
        return;
    }
    if (w.sort != SORT_NONE) {
        w.ranking = true;
        cache_each(pick_visit, &w);
        w.least = w.count == w.room ? w.picks[0].rank : 0;
        w.ranking = false;
        w.count = 0;
        w.shard = UINT32_MAX;
    }
    cache_each(pick_visit, &w);
    if (w.sort != SORT_NONE)
        qsort(w.picks, w.count, sizeof *w.picks, by_rank);
    size_t shown = 0;
    bool full = false;
    for (size_t i = 0; i < w.count; i++) {
        if (!full) {
            entry_record(out, w.picks[i].f, w.picks[i].e);
            full = !wire_end(out) || out->len + WIRE_STATUS_ROOM + 4 * KEY_TEXT > out->max;
            shown = i + 1;
            if (full && i + 1 < w.count && w.sort == SORT_NONE) {
                w.more = true;
                w.from = w.picks[i + 1].shard;
                w.skip = w.picks[i + 1].index;
            }
        }
        cache_unref(w.picks[i].e);
    }
    os_free(w.picks);
    ok(out);
    wire_number(out, "shown", shown);
    if (w.sort != SORT_NONE)
        wire_number(out, "matched", w.matched);
    if (w.more) {
        wire_number(out, "next", w.from);
        wire_number(out, "next_skip", w.skip);
    }
}

static bool verb_match(struct function *f, const struct key *key, void *cookie)
{
    return target_matches(cookie, &f->shape, key);
}

typedef size_t verb_fn(struct function *f, cache_match *match, void *cookie, bool dry);

static void run_verb(const struct wire_line *request, struct wire_buffer *out, verb_fn *verb)
{
    static struct target t; /* the control thread is the only one here */
    const char *text = wire_get(request, "target"), *dry = wire_get(request, "dry");
    char why[ERROR_TEXT];
    size_t matched = 0;
    bool wet = dry == NULL || strcmp(dry, "0") == 0;
    if (text == NULL) {
        error(out, "no target; give target=all, a function or a call");
        return;
    }
    if (!target_parse(&t, text, why, sizeof why)) {
        error(out, "%s", why);
        return;
    }
    if (t.kind == TARGET_ALL) {
        matched = verb(NULL, NULL, NULL, !wet);
    } else {
        uint32_t at = 0, found = 0;
        struct function *f;
        for (; (f = function_named(t.name, &at)) != NULL; found++)
            if (!target_fits(&t, &f->shape, why, sizeof why)) {
                error(out, "%s", why);
                return;
            }
        if (found == 0) {
            error(out, "%s", unknown(why, sizeof why, t.name));
            return;
        }
        at = 0;
        while ((f = function_named(t.name, &at)) != NULL)
            matched += verb(f, t.kind == TARGET_CALL ? verb_match : NULL, &t, !wet);
    }
    ok(out);
    wire_number(out, "matched", matched);
}

static void run_invalidate(const struct wire_line *request, struct wire_buffer *out)
{
    run_verb(request, out, cache_invalidate);
}

static void run_expire(const struct wire_line *request, struct wire_buffer *out)
{
    run_verb(request, out, cache_expire);
}

static void run_refresh(const struct wire_line *request, struct wire_buffer *out)
{
    run_verb(request, out, cache_refresh);
}

struct explaining {
    const struct target *t;
    struct function *f;
    struct entry *exact, *nearest;
    struct entry *passed[KEY_MAX_PARAMS + 1]; /* each less like than the next */
    uint32_t npassed;
    uint32_t likeness, differs;
    uint64_t seen;
    bool inflight;
};

static void explain_visit(struct function *f, struct entry *e, void *cookie)
{
    struct explaining *x = cookie;
    uint32_t differs;
    if (f != x->f || x->exact != NULL || e->identity != atomic_load(&f->identity))
        return;
    struct key key = entry_key(e);
    uint32_t like = target_likeness(x->t, &f->shape, &key, &differs);
    x->seen++;
    if (like == f->shape.nparams) {
        cache_ref(e);
        x->exact = e;
    } else if (x->nearest == NULL || like > x->likeness) {
        /* The one before is given back later: its release may be the user's code. */
        if (x->nearest != NULL)
            x->passed[x->npassed++] = x->nearest;
        cache_ref(e);
        x->nearest = e;
        x->likeness = like;
        x->differs = differs;
    }
}

static void explain_flight(struct flight *fl, void *cookie)
{
    struct explaining *x = cookie;
    if (fl->function == x->f && !fl->fenced && target_matches(x->t, &x->f->shape, &fl->key))
        x->inflight = true;
}

static void explain_entry(struct wire_buffer *out, const struct explaining *x)
{
    struct entry *e = x->exact;
    enum entry_state state = entry_state(e, clock_now());
    uint8_t flags = atomic_load(&e->flags);
    const char *why;
    if (state == ENTRY_FRESH)
        why = flags & ENTRY_FAILED ? "a remembered failure: the next call gets it"
                                   : "the next call gets the stored value";
    else if (state == ENTRY_STALE)
        why = flags & ENTRY_EXPIRED
                  ? "expired by somebody: the next call gets the old value and starts a refresh"
                  : "older than its ttl: the next call gets the old value and starts a refresh";
    else if (state == ENTRY_FALLBACK)
        why = "older than ttl and stale: the next call computes, and gets the old value only if that fails "
              "or takes too long";
    else
        why = "too old for any use: the next call computes";
    entry_record(out, x->f, e);
    wire_field(out, "why", why);
}

static void explain_absent(struct wire_buffer *out, const struct explaining *x, const char *asked)
{
    char text[KEY_TEXT];
    wire_field(out, "function", x->f->site->name);
    wire_field(out, "key", asked);
    wire_field(out, "state", "none");
    wire_field(out, "why", "never computed or evicted, or invalidated since: the next call computes");
    if (x->nearest == NULL || x->differs >= x->f->shape.nparams)
        return;
    struct key key = entry_key(x->nearest);
    print_entry_key(x->f, &key, text, sizeof text);
    wire_field(out, "nearest", text);
    wire_field(out, "differs", x->f->shape.params[x->differs].name);
    if (secret(x->f))
        return;
    struct key_cursor cursors[KEY_MAX_PARAMS];
    struct print p;
    key_split(&x->f->shape, &key, cursors);
    print_start(&p, text, sizeof text);
    print_argument(&p, &cursors[x->differs]);
    wire_field(out, "stored", text);
    const char *argument = target_argument(x->t, &x->f->shape, x->differs);
    wire_field(out, "asked", argument != NULL ? argument : "_");
}

static void run_explain(const struct wire_line *request, struct wire_buffer *out)
{
    static struct target t;
    const char *call = wire_get(request, "call");
    char why[ERROR_TEXT];
    uint32_t at = 0, found = 0;
    struct function *f;
    if (call == NULL || !target_parse(&t, call, why, sizeof why)) {
        error(out, "%s", call == NULL ? "no call; give call=quote(\"ACME\",\\s3)" : why);
        return;
    }
    if (t.kind != TARGET_CALL) {
        error(out, "explain takes one call, such as %s(...), with its arguments",
              t.kind == TARGET_ALL ? "quote" : t.name);
        return;
    }
    for (; (f = function_named(t.name, &at)) != NULL; found++) {
        struct explaining x = {.t = &t, .f = f};
        if (!target_fits(&t, &f->shape, why, sizeof why)) {
            error(out, "%s", why);
            return;
        }
        cache_each(explain_visit, &x);
        flight_each(explain_flight, &x);
        if (x.exact != NULL)
            explain_entry(out, &x);
        else
            explain_absent(out, &x, call);
        wire_field(out, "mode", atomic_load(&f->mode) == FUNCTION_ON ? "on" : "off");
        wire_number(out, "inflight", x.inflight);
        wire_end(out);
        if (x.exact != NULL)
            cache_unref(x.exact);
        if (x.nearest != NULL)
            cache_unref(x.nearest);
        while (x.npassed > 0)
            cache_unref(x.passed[--x.npassed]);
    }
    if (found == 0)
        error(out, "%s", unknown(why, sizeof why, t.name));
    else
        ok(out);
}

static bool setting_parse(enum setting_kind kind, const char *text, uint64_t *value)
{
    char *end;
    if (kind == SETTING_TIME)
        return option_duration(text, value);
    *value = UINT64_MAX;
    if (strcmp(text, "inf") == 0)
        return true;
    if (kind == SETTING_SIZE)
        return option_size(text, value);
    errno = 0;
    *value = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == 0 && errno == 0;
}

static void run_set(const struct wire_line *request, struct wire_buffer *out)
{
    uint64_t values[SETTINGS];
    uint32_t given = 0, at = 0, found = 0;
    const char *name = wire_get(request, "function");
    char text[ERROR_TEXT];
    struct function *f;
    if (name == NULL) {
        error(out, "no function; write set function=NAME ttl=20s");
        return;
    }
    for (uint32_t i = 0; i < request->nfields; i++) {
        uint32_t s = 0;
        if (strcmp(request->fields[i].name, "function") == 0)
            continue;
        while (s < SETTINGS && strcmp(settings[s].name, request->fields[i].name) != 0)
            s++;
        if (s == SETTINGS) {
            int n = snprintf(text, sizeof text, "no setting %.100s; there are:", request->fields[i].name);
            for (s = 0; s < SETTINGS; s++)
                n += snprintf(text + n, sizeof text - (size_t)n, " %s", settings[s].name);
            error(out, "%s", text);
            return;
        }
        if (!setting_parse(settings[s].kind, request->fields[i].value, &values[s]) ||
            (strcmp(settings[s].name, "jitter_pct") == 0 && values[s] > 100)) {
            static const char *const forms[] = {"a time such as 250ms, 20s, 5m, 1h, inf", "a number or inf",
                                                "a size such as 64M, 1G, inf"};
            error(out, "%s=%.100s: write %s", settings[s].name, request->fields[i].value,
                  strcmp(settings[s].name, "jitter_pct") == 0 ? "a number from 0 to 100"
                                                              : forms[settings[s].kind]);
            return;
        }
        given |= 1u << s;
    }
    if (given == 0) {
        error(out, "no setting; write set function=%.100s ttl=20s", name);
        return;
    }
    for (; (f = function_named(name, &at)) != NULL; found++) {
        for (uint32_t s = 0; s < SETTINGS; s++)
            if (given >> s & 1)
                atomic_store(setting_of(f, &settings[s]), values[s]);
        changed[at - 1] |= given;
        cache_retune(f);
    }
    if (found == 0) {
        error(out, "%s", unknown(text, sizeof text, name));
        return;
    }
    ok(out);
    wire_number(out, "matched", found);
}

static void run_mode(const struct wire_line *request, struct wire_buffer *out)
{
    const char *name = wire_get(request, "function"), *mode = wire_get(request, "mode");
    char text[ERROR_TEXT];
    uint32_t at = 0, found = 0;
    struct function *f;
    bool on = mode != NULL && strcmp(mode, "on") == 0;
    if (name == NULL || mode == NULL || (!on && strcmp(mode, "off") != 0)) {
        error(out, "mode takes a function and on or off");
        return;
    }
    for (; (f = function_named(name, &at)) != NULL; found++)
        atomic_store(&f->mode, on ? FUNCTION_ON : FUNCTION_OFF);
    if (found == 0) {
        error(out, "%s", unknown(text, sizeof text, name));
        return;
    }
    ok(out);
    wire_number(out, "matched", found);
}

static void run_stats(const struct wire_line *request, struct wire_buffer *out)
{
    static const struct {
        const char *name;
        enum option option;
        bool text;
    } options[] = {
#define OPTION(name, kind, value, help) {#name, OPTION_##name, #kind[0] == 'T'},
#include "runtime/option.def"
#undef OPTION
    };
    uint32_t count = function_count();
    (void)request;
    wire_number(out, "pid", (uint64_t)getpid());
    wire_field(out, "program", program_invocation_short_name);
    wire_number(out, "functions", count);
    wire_number(out, "entries", cache_entries());
    wire_number(out, "bytes", cache_bytes());
    for (uint32_t c = 0; c < COUNTERS; c++) {
        uint64_t sum = 0;
        for (uint32_t i = 0; i < count; i++)
            sum += function_at(i) != NULL ? function_counter(function_at(i), (enum counter)c) : 0;
        wire_number(out, counter_names[c], sum);
    }
    lock_take(&cache_bounds.lock);
    uint64_t evictions = cache_bounds.evictions;
    lock_give(&cache_bounds.lock);
    wire_number(out, "evictions", evictions);
    wire_number(out, "pool_threads", pool_threads());
    wire_number(out, "pool_running", pool_running());
    wire_number(out, "pool_queued", pool_queued());
    for (uint32_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (!options[i].text)
            wire_number(out, options[i].name, option_number(options[i].option));
        else if (option_text(options[i].option) != NULL)
            wire_field(out, options[i].name, option_text(options[i].option));
    }
    wire_end(out);
    for (uint32_t i = 0; option_complaint(i) != NULL; i++) {
        wire_field(out, "complaint", option_complaint(i));
        wire_end(out);
    }
    ok(out);
}

struct flying {
    uint32_t count, left_out;
    struct {
        struct function *f;
        int tid;
        bool refresh, fenced, expired;
        uint64_t started;
        char key[FLIGHT_TEXT];
    } flights[FLIGHTS];
};

static void flying_visit(struct flight *fl, void *cookie)
{
    struct flying *w = cookie;
    if (w->count == FLIGHTS) {
        w->left_out++;
        return;
    }
    w->flights[w->count].f = fl->function;
    w->flights[w->count].tid = fl->tid;
    w->flights[w->count].refresh = fl->refresh;
    w->flights[w->count].fenced = fl->fenced;
    w->flights[w->count].expired = fl->expired;
    w->flights[w->count].started = fl->started;
    print_entry_key(fl->function, &fl->key, w->flights[w->count].key, FLIGHT_TEXT);
    w->count++;
}

static void run_inflight(const struct wire_line *request, struct wire_buffer *out)
{
    struct flying *w = os_zalloc(sizeof *w);
    uint64_t now = clock_now();
    (void)request;
    if (w == NULL) {
        error(out, "no memory");
        return;
    }
    flight_each(flying_visit, w);
    for (uint32_t i = 0; i < w->count; i++) {
        wire_field(out, "function", w->flights[i].f->site->name);
        wire_field(out, "key", w->flights[i].key);
        wire_number(out, "tid", (uint64_t)w->flights[i].tid);
        wire_field(out, "kind", w->flights[i].refresh ? "refresh" : "miss");
        wire_number(out, "age_ms",
                    now > w->flights[i].started ? (now - w->flights[i].started) / NS_PER_MS : 0);
        wire_number(out, "fenced", w->flights[i].fenced);
        wire_number(out, "expired", w->flights[i].expired);
        w->left_out += !wire_end(out);
    }
    ok(out);
    if (w->left_out != 0)
        wire_number(out, "left_out", w->left_out);
    os_free(w);
}

static bool word_in(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *s = words; len > 0 && (s = strstr(s, word)) != NULL; s += len)
        if ((s == words || s[-1] == ' ') && (s[len] == 0 || s[len] == ' '))
            return true;
    return false;
}

static void dispatch(char *request, struct wire_buffer *out)
{
    static struct wire_line line;
    const char *why = "no text";
    if (request == NULL || !wire_parse(&line, request, &why)) {
        error(out, "%s", why);
        return;
    }
    for (uint32_t i = 0; line.verb != NULL && i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].verb, line.verb) != 0)
            continue;
        for (uint32_t k = 0; commands[i].fields != NULL && k < line.nfields; k++)
            if (!word_in(commands[i].fields, line.fields[k].name)) {
                error(out, "%s has no field %.100s", line.verb, line.fields[k].name);
                return;
            }
        commands[i].run(&line, out);
        return;
    }
    error(out, "no command %.100s; there are: "
#define COMMAND(verb, fields, help) #verb " "
#include "command.def"
#undef COMMAND
          ,
          line.verb != NULL ? line.verb : "");
}

void command_run(char *request, struct wire_buffer *out)
{
    out->len = out->record = 0;
    out->full = false;
    out->max = WIRE_OUT_MAX - WIRE_STATUS_ROOM;
    dispatch(request, out);
    if (!wire_end(out)) {
        wire_text(out, "error the reply did not fit");
        wire_end(out);
    }
}
