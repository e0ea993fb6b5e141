/* The search for the entry or the nearest one; the sentences about it are in reason.c. */
#include <stdio.h>

#include "modes.h"
#include "reason.h"
#include "reply.h"
#include "request.h"
#include "runtime/compute/suspect.h"
#include "runtime/cache/history.h"
#include "core/print.h"
#include "core/target.h"

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
    if (f != x->f || x->exact != NULL || !entry_is_of(e, atomic_load(&f->identity)))
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
    if (fl->function == x->f && !fl->fenced && !fl->beside && target_matches(x->t, &x->f->shape, &fl->key))
        x->inflight = true;
}

static bool explain_match(struct function *f, const struct key *key, void *cookie)
{
    return target_matches(cookie, &f->shape, key);
}

static void explain_absent(struct wire_buffer *out, const struct explaining *x, const char *asked,
                           const struct history_record *h)
{
    char text[KEY_TEXT];
    wire_field(out, "function", x->f->site->name);
    wire_field(out, "key", asked);
    wire_field(out, "state", "none");
    reason_absent(out, x->f, x->inflight, h);
    if (x->nearest == NULL || x->differs >= x->f->shape.nparams)
        return;
    struct key key = entry_key(x->nearest);
    reply_key_text(x->f, &key, text, sizeof text);
    wire_field(out, "nearest", text);
    wire_field(out, "differs", x->f->shape.params[x->differs].name);
    struct key_cursor cursors[KEY_MAX_PARAMS];
    struct print p;
    key_split(&x->f->shape, &key, cursors);
    print_start(&p, text, sizeof text);
    print_argument(&p, &cursors[x->differs]);
    wire_field(out, "stored", text);
    const char *argument = target_argument(x->t, &x->f->shape, x->differs);
    wire_field(out, "asked", argument != NULL ? argument : "_");
}

static void explain_function(struct wire_buffer *out, struct function *f, const struct target *t,
                             const char *call)
{
    struct explaining x = {.t = t, .f = f};
    cache_each(explain_visit, &x);
    flight_each(explain_flight, &x);
    struct history_record record, *h = NULL;
    if (history_find(f, explain_match, (void *)(uintptr_t)t, &record))
        h = &record;
    if (x.exact != NULL) {
        reply_entry(out, f, x.exact);
        reason_entry(out, f, x.exact, h);
    } else {
        explain_absent(out, &x, call, h);
    }
    mode_fields(out, f);
    wire_number(out, "inflight", x.inflight);
    if (x.exact != NULL)
        cache_unref(x.exact);
    if (x.nearest != NULL)
        cache_unref(x.nearest);
    while (x.npassed > 0)
        cache_unref(x.passed[--x.npassed]);
}

/* A function of the same name that the call cannot be meant for. */
static void explain_unfit(struct wire_buffer *out, struct function *f, const char *call, const char *why)
{
    char text[ERROR_TEXT + 32];
    snprintf(text, sizeof text, "another of that name: %s", why);
    wire_field(out, "function", f->site->name);
    wire_field(out, "key", call);
    wire_field(out, "state", "unfit");
    wire_field(out, "why", text);
}

void command_explain(const struct wire_line *request, struct wire_buffer *out)
{
    struct target t;
    const char *call = wire_get(request, "call");
    char why[ERROR_TEXT], unfit[ERROR_TEXT];
    uint32_t at = 0, found = 0, fitting = 0;
    struct function *f;
    if (call == NULL || !target_parse(&t, call, why, sizeof why)) {
        reply_error(out, "%s", call == NULL ? "no call; give call=quote(\"ACME\",\\s3)" : why);
        return;
    }
    if (t.kind != TARGET_CALL) {
        reply_error(out, "explain takes one call, such as %s(...), with its arguments",
                    t.kind == TARGET_ALL ? "quote" : t.name);
        return;
    }
    for (; (f = request_function(t.name, &at)) != NULL; found++, function_release(f))
        fitting += request_fits(&t, f, found == 0 ? why : unfit, ERROR_TEXT);
    suspect_judge();
    if (found == 0) {
        request_unknown(out, t.name);
        return;
    }
    if (fitting == 0) {
        reply_error(out, "%s", why);
        return;
    }
    for (at = 0; (f = request_function(t.name, &at)) != NULL; function_release(f)) {
        if (request_fits(&t, f, unfit, sizeof unfit))
            explain_function(out, f, &t, call);
        else
            explain_unfit(out, f, call, unfit);
        if (found > 1) {
            wire_field(out, "file", f->site->file);
            wire_number(out, "line", __atomic_load_n(&f->site->line, __ATOMIC_RELAXED));
        }
        wire_end(out);
    }
    reply_ok(out);
    wire_number(out, "matched", fitting);
}
