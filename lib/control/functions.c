#include "reply.h"
#include "request.h"
#include "settings.h"

void command_functions(const struct wire_line *request, struct wire_buffer *out)
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
        wire_number(out, "secret", function_secret(f));
        wire_field(out, "file", f->site->file);
        wire_number(out, "line", f->site->line);
        settings_fields(out, f);
        left_out += !wire_end(out);
    }
    reply_ok(out);
    if (left_out != 0)
        wire_number(out, "left_out", left_out);
}
