#include "modes.h"
#include "reply.h"
#include "request.h"
#include "settings.h"
#include "runtime/compute/suspect.h"
#include "runtime/cache/cache.h"
#include "runtime/registry/listener.h"

static void names_fields(struct wire_buffer *out, struct function *f)
{
    char text[ERROR_TEXT];
    if (f->region != NULL)
        wire_field(out, "region", f->region->name);
    if (f->annotated.tags != NULL)
        wire_field(out, "tags", f->annotated.tags);
    listener_heard(f, SWRCACHE_OP_INVALIDATE, text, sizeof text);
    if (text[0] != 0)
        wire_field(out, "invalidate_on", text);
    listener_heard(f, SWRCACHE_OP_EXPIRE, text, sizeof text);
    if (text[0] != 0)
        wire_field(out, "expire_on", text);
}

static void function_record(struct wire_buffer *out, struct function *f)
{
    uint64_t counts[COUNTERS], computed = atomic_load(&f->computed), cost = atomic_load(&f->cost_ns_total);
    uint64_t mean_us = computed == 0 ? 0 : cost / computed / 1000;
    for (uint32_t c = 0; c < COUNTERS; c++)
        counts[c] = function_counter(f, (enum counter)c);
    uint64_t served = counts[COUNTER_hits] + counts[COUNTER_stale_hits];
    uint64_t calls = served + counts[COUNTER_fallback_hits] + counts[COUNTER_misses] +
                     counts[COUNTER_coalesced] + counts[COUNTER_bypasses];
    wire_field(out, "name", f->site->name);
    mode_fields(out, f);
    for (uint32_t c = 0; c < COUNTERS; c++)
        wire_number(out, counter_names[c], counts[c]);
    wire_number(out, "calls", calls);
    wire_number(out, "hit_pct", calls == 0 ? 0 : served * 100 / calls);
    wire_number(out, "stale_pct", calls == 0 ? 0 : counts[COUNTER_stale_hits] * 100 / calls);
    wire_number(out, "entries", atomic_load(&f->entries));
    wire_number(out, "bytes", atomic_load(&f->bytes));
    wire_number(out, "cost_us", mean_us);
    wire_number(out, "saved_ms", served * mean_us / 1000);
    wire_number(out, "secret", function_secret(f));
    wire_field(out, "file", f->site->file);
    wire_number(out, "line", __atomic_load_n(&f->site->line, __ATOMIC_RELAXED));
    names_fields(out, f);
    settings_fields(out, f);
}

void command_functions(const struct wire_line *request, struct wire_buffer *out)
{
    uint64_t from, skip;
    if (!request_page(request, &from, &skip, out))
        return;
    suspect_judge();
    uint32_t at = from < FUNCTIONS_MAX ? (uint32_t)from : FUNCTIONS_MAX;
    bool fits = true;
    for (struct function *f; fits && (f = function_next(&at)) != NULL; function_release(f)) {
        function_record(out, f);
        fits = wire_end(out);
        cache_pause();
    }
    reply_ok(out);
    if (!fits)
        wire_number(out, "next", at - 1);
}
