#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "place.h"
#include "reply.h"
#include "request.h"
#include "runtime/verb/target_check.h"
#include "runtime/compute/suspect.h"
#include "runtime/cache/cache.h"
#include "runtime/cache/retired.h"
#include "runtime/pool/pool.h"
#include "runtime/setting/option.h"
#include "base/alloc.h"
#include "base/epoch.h"
#include "base/origin.h"

/* Those of dictionaries that are gone included: what was counted never becomes less. */
static void sums(uint64_t counts[COUNTERS])
{
    struct function *f;
    for (uint32_t c = 0; c < COUNTERS; c++)
        counts[c] = function_gone_counter((enum counter)c);
    for (uint32_t at = 0; (f = function_next(&at)) != NULL; function_release(f))
        for (uint32_t c = 0; c < COUNTERS; c++)
            counts[c] += function_counter(f, (enum counter)c);
}

void command_ping(const struct wire_line *request, struct wire_buffer *out)
{
    uint64_t hits, calls;
    uint64_t counts[COUNTERS];
    (void)request;
    sums(counts);
    hits = counts[COUNTER_hits] + counts[COUNTER_stale_hits];
    calls = hits + counts[COUNTER_misses] + counts[COUNTER_coalesced] + counts[COUNTER_fallback_hits] +
            counts[COUNTER_bypasses];
    wire_number(out, "pid", (uint64_t)getpid());
    wire_field(out, "program", origin_program());
    wire_number(out, "functions", function_known());
    wire_number(out, "entries", cache_entries());
    wire_number(out, "bytes", cache_bytes());
    wire_number(out, "hit_pct", calls == 0 ? 0 : hits * 100 / calls);
    wire_end(out);
    reply_ok(out);
}

void command_stats(const struct wire_line *request, struct wire_buffer *out)
{
    static const struct {
        const char *name;
        enum option option;
        bool text;
    } options[] = {
#define OPTION(name, kind, value, help) {#name, OPTION_##name, #kind[0] == 'T'},
#include "runtime/setting/option.def"
#undef OPTION
    };
    uint64_t counts[COUNTERS];
    struct alloc_usage use;
    (void)request;
    alloc_usage(&use);
    target_check_run();
    suspect_judge();
    wire_number(out, "pid", (uint64_t)getpid());
    wire_field(out, "program", origin_program());
    wire_number(out, "functions", function_known());
    wire_number(out, "entries", cache_entries());
    wire_number(out, "bytes", cache_bytes());
    wire_number(out, "resident", use.resident);
    wire_number(out, "mapped", use.mapped);
    wire_number(out, "retired", epoch_waiting());
    wire_number(out, "not_stored_retired", retired_turned_away());
    sums(counts);
    for (uint32_t c = 0; c < COUNTERS; c++)
        wire_number(out, counter_names[c], counts[c]);
    struct pool_state pool = pool_state();
    wire_number(out, "pool_threads", pool.threads);
    wire_number(out, "pool_spare", pool.spare);
    wire_number(out, "pool_running", pool.running);
    wire_number(out, "pool_queued", pool.queued);
    wire_number(out, "no_socket", place_refused());
    for (uint32_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (!options[i].text && option_number(options[i].option) == UINT64_MAX)
            wire_field(out, options[i].name, "inf");
        else if (!options[i].text)
            wire_number(out, options[i].name, option_number(options[i].option));
        else if (option_text(options[i].option) != NULL)
            wire_field(out, options[i].name, option_text(options[i].option));
    }
    wire_end(out);
    for (uint32_t i = 0; option_complaint(i) != NULL; i++) {
        wire_field(out, "complaint", option_complaint(i));
        wire_end(out);
    }
    /* As long as it is so: of those that were put back to another mode there is nothing to complain of. */
    uint32_t at = 0;
    for (struct function *f; (f = function_next(&at)) != NULL; function_release(f)) {
        char text[SUSPECT_TEXT];
        if (!suspect_text(f, text))
            continue;
        wire_field(out, "complaint", text);
        wire_end(out);
    }
    reply_ok(out);
}
