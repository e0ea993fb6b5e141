#include "reason.h"
#include "reply.h"
#include "request.h"
#include "runtime/cache/audit.h"

static const char *const verb_names[] = {[SWRCACHE_OP_INVALIDATE] = "invalidate",
                                         [SWRCACHE_OP_EXPIRE] = "expire",
                                         [SWRCACHE_OP_REFRESH] = "refresh"};

void command_audit(const struct wire_line *request, struct wire_buffer *out)
{
    uint64_t limit, last = audit_last();
    struct audit_act act;
    if (!request_number(request, "limit", AUDIT_ACTS, &limit) || limit == 0) {
        reply_error(out, "limit is a number above 0");
        return;
    }
    if (limit > AUDIT_ACTS)
        limit = AUDIT_ACTS;
    for (uint64_t n = last > limit ? last - limit + 1 : 1; n <= last; n++) {
        if (!audit_find(n, &act))
            continue;
        reason_moment(out, act.when);
        wire_field(out, "verb", verb_names[act.verb]);
        reason_act(out, act.who, n);
        if (act.ended)
            wire_number(out, "matched", act.matched);
        audit_done(&act);
        wire_end(out);
    }
    reply_ok(out);
}
