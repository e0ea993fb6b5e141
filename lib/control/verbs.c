#include <string.h>

#include "reply.h"
#include "request.h"
#include "runtime/verb/apply.h"
#include "runtime/verb/relatives.h"
#include "runtime/verb/target_check.h"
#include "runtime/cache/audit.h"
#include "base/family.h"
#include "base/unit.h"

static bool narrow(const struct wire_line *request, struct verb_filter *filter, const char **wrong)
{
    const char *older = wire_get(request, "older"), *larger = wire_get(request, "larger");
    *filter = (struct verb_filter){0};
    *wrong = older != NULL && !unit_duration(older, &filter->older)  ? "older is a time such as 5m"
             : larger != NULL && !unit_size(larger, &filter->larger) ? "larger is a size such as 1M"
                                                                     : NULL;
    return older != NULL || larger != NULL;
}

static void run_verb(const struct wire_line *request, struct wire_buffer *out,
                     enum swrcache_operation operation, const char *prefix, const char *field)
{
    struct target t;
    char text[TARGET_TEXT_MAX];
    const char *name = wire_get(request, field), *dry = wire_get(request, "dry"), *wrong;
    bool wet = dry == NULL || strcmp(dry, "0") == 0;
    struct verb_filter filter;
    struct applied reached;
    char why[ERROR_TEXT];
    bool narrowed = narrow(request, &filter, &wrong);
    if (name == NULL || wrong != NULL || strlen(prefix) + strlen(name) >= sizeof text) {
        reply_error(out, "%s",
                    name == NULL && prefix[0] == 0 ? "no target; give target=all, a function or a call"
                    : name == NULL                 ? "no event; give event=NAME"
                    : wrong != NULL                ? wrong
                                                   : "too long; shorten it");
        return;
    }
    memcpy(text, prefix, strlen(prefix));
    memcpy(text + strlen(prefix), name, strlen(name) + 1);
    if (!target_parse(&t, text, why, sizeof why)) {
        reply_error(out, "%s", why);
        return;
    }
    target_check_run();
    uint64_t act = wet ? audit_begin(operation, request_peer, text) : 0;
    bool meant = apply_target(operation, &t, narrowed ? &filter : NULL, !wet, true, &reached);
    audit_end(act, reached.matched);
    if (wet && meant) {
        struct announcement a = {0};
        announce_text(&a, operation, text, narrowed ? &filter : NULL);
        announce(&a);
    }
    if (!meant) {
        reply_error(out, "%s", reached.why);
        return;
    }
    if (reached.unknown && (t.kind == TARGET_FUNCTION || t.kind == TARGET_CALL)) {
        request_unknown(out, t.name);
        return;
    }
    reply_ok(out);
    wire_number(out, "matched", reached.matched);
    if (t.kind == TARGET_REGION || t.kind == TARGET_EVENT)
        wire_number(out, "functions", reached.functions);
    unsigned relatives = wet && operation != SWRCACHE_OP_REFRESH ? family_relatives() : 0;
    if (relatives != 0)
        wire_number(out, "family", relatives);
    if (reached.unknown)
        wire_field(out, "why", reached.why);
}

void command_invalidate(const struct wire_line *request, struct wire_buffer *out)
{
    run_verb(request, out, SWRCACHE_OP_INVALIDATE, "", "target");
}

void command_expire(const struct wire_line *request, struct wire_buffer *out)
{
    run_verb(request, out, SWRCACHE_OP_EXPIRE, "", "target");
}

void command_refresh(const struct wire_line *request, struct wire_buffer *out)
{
    run_verb(request, out, SWRCACHE_OP_REFRESH, "", "target");
}

void command_emit(const struct wire_line *request, struct wire_buffer *out)
{
    run_verb(request, out, SWRCACHE_OP_INVALIDATE, "event:", "event");
}
