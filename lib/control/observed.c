#include <stdio.h>

#include "reply.h"
#include "request.h"
#include "runtime/registry/mode.h"
#include "runtime/registry/observation.h"

static void record(struct wire_buffer *out, struct function *f, struct observed_function *o)
{
    static const unsigned seconds[OBSERVED_TTLS] = OBSERVED_TTL_SECONDS;
    char name[40];
    wire_field(out, "name", f->site->name);
    wire_field(out, "mode", mode_names[mode_kind(mode_of(f))]);
    wire_number(out, "calls", o != NULL ? atomic_load(&o->calls) : 0);
    if (o == NULL)
        return; /* not called yet */
    uint64_t began = atomic_load(&o->began), last = atomic_load(&o->last);
    wire_number(out, "keys", atomic_load(&o->keys));
    wire_number(out, "uncounted", atomic_load(&o->uncounted));
    wire_number(out, "ns", atomic_load(&o->ns));
    wire_number(out, "during_ns", began != 0 && last >= began ? last - (began - 1) : 0);
    wire_number(out, "bytes", atomic_load(&o->bytes));
    wire_number(out, "changes", atomic_load(&o->changes));
    wire_number(out, "taken_back", atomic_load(&o->told));
    wire_number(out, "shortest_ns", atomic_load(&o->shortest));
    if (atomic_load(&o->stale) != 0)
        reply_ms(out, "stale_ms", atomic_load(&o->stale));
    wire_number(out, "not_compared", atomic_load(&o->opaque));
    for (int i = 0; i < OBSERVED_TTLS; i++) {
        snprintf(name, sizeof name, "hits_%us", seconds[i]);
        wire_number(out, name, atomic_load(&o->hits[i]));
        snprintf(name, sizeof name, "saved_ns_%us", seconds[i]);
        wire_number(out, name, atomic_load(&o->saved[i]));
        snprintf(name, sizeof name, "outdated_%us", seconds[i]);
        wire_number(out, name, atomic_load(&o->differ[i]));
        if (atomic_load(&o->stale) != 0) {
            snprintf(name, sizeof name, "stale_hits_%us", seconds[i]);
            wire_number(out, name, atomic_load(&o->stale_hits[i]));
            snprintf(name, sizeof name, "old_%us", seconds[i]);
            wire_number(out, name, atomic_load(&o->old[i]));
        }
        snprintf(name, sizeof name, "memory_%us", seconds[i]);
        wire_number(out, name, atomic_load(&o->most[i]));
    }
}

void command_observe(const struct wire_line *request, struct wire_buffer *out)
{
    uint64_t from;
    uint32_t at, matched = 0;
    bool fits = true;
    if (!request_number(request, "from", 0, &from)) {
        reply_error(out, "from is a number");
        return;
    }
    at = from < FUNCTIONS_MAX ? (uint32_t)from : FUNCTIONS_MAX;
    for (struct function *f; fits && (f = function_next(&at)) != NULL; function_release(f)) {
        struct observed_function *o = atomic_load(&f->observed);
        if (o == NULL && mode_kind(mode_of(f)) != FUNCTION_OBSERVE)
            continue;
        record(out, f, o);
        fits = wire_end(out);
        matched += fits;
    }
    reply_ok(out);
    wire_number(out, "matched", matched);
    if (!fits)
        wire_number(out, "next", at - 1);
}
