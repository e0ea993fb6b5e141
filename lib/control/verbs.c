#include <string.h>

#include "core/target.h"
#include "reply.h"
#include "request.h"
#include "runtime/audit.h"
#include "runtime/verb.h"

static bool verb_match(struct function *f, const struct key *key, void *cookie)
{
    return target_matches(cookie, &f->shape, key);
}

typedef size_t verb_fn(struct function *f, cache_match *match, void *cookie, bool dry);

static void run_verb(const struct wire_line *request, struct wire_buffer *out,
                     enum swrcache_operation operation, verb_fn *verb)
{
    static struct target t; /* the control thread is the only one here */
    const char *text = wire_get(request, "target"), *dry = wire_get(request, "dry");
    char why[ERROR_TEXT];
    size_t matched = 0;
    bool wet = dry == NULL || strcmp(dry, "0") == 0;
    if (text == NULL) {
        reply_error(out, "no target; give target=all, a function or a call");
        return;
    }
    if (!target_parse(&t, text, why, sizeof why)) {
        reply_error(out, "%s", why);
        return;
    }
    uint32_t at = 0, found = 0;
    struct function *f;
    for (; t.kind != TARGET_ALL && (f = request_function(t.name, &at)) != NULL; found++)
        if (!request_fits(&t, f, out))
            return;
    if (t.kind != TARGET_ALL && found == 0) {
        request_unknown(out, t.name);
        return;
    }
    uint64_t act = wet ? audit_begin(operation, request_peer, text) : 0;
    if (t.kind == TARGET_ALL)
        matched = verb(NULL, NULL, NULL, !wet);
    for (at = 0; t.kind != TARGET_ALL && (f = request_function(t.name, &at)) != NULL;)
        matched += verb(f, t.kind == TARGET_CALL ? verb_match : NULL, &t, !wet);
    audit_end(act, matched);
    reply_ok(out);
    wire_number(out, "matched", matched);
}

void command_invalidate(const struct wire_line *request, struct wire_buffer *out)
{
    run_verb(request, out, SWRCACHE_OP_INVALIDATE, verb_invalidate);
}

void command_expire(const struct wire_line *request, struct wire_buffer *out)
{
    run_verb(request, out, SWRCACHE_OP_EXPIRE, verb_expire);
}

void command_refresh(const struct wire_line *request, struct wire_buffer *out)
{
    run_verb(request, out, SWRCACHE_OP_REFRESH, verb_refresh);
}
