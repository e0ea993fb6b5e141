#define _GNU_SOURCE
/* observe.c - swrctl observe: what functions in mode observe have shown, as `swrctl advise` tells it. */
#include "ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "terminal/saving.h"
#include "terminal/text.h"

static uint64_t number(const struct wire_line *record, const char *name)
{
    const char *text = wire_get(record, name);
    return text != NULL ? strtoull(text, NULL, 10) : 0;
}

static uint64_t number_of_ttl(const struct wire_line *record, const char *name, int ttl)
{
    static const unsigned seconds[OBSERVED_TTLS] = OBSERVED_TTL_SECONDS;
    char field[40];
    snprintf(field, sizeof field, "%s_%us", name, seconds[ttl]);
    return number(record, field);
}

/* Those that were not called are named in the end, without a paragraph. */
static char uncalled[1024];

static void print(const struct process *p, struct wire_line *record, void *cookie)
{
    struct view *view = cookie;
    const char *name = wire_get(record, "name");
    view->records++;
    if (number(record, "calls") == 0) {
        size_t n = strlen(uncalled);
        snprintf(uncalled + n, sizeof uncalled - n, " %s", name != NULL ? name : "");
        return;
    }
    struct advise_sum s = {.calls = number(record, "calls"),
                           .ns = number(record, "ns"),
                           .keys = number(record, "keys"),
                           .uncounted = number(record, "uncounted"),
                           .bytes = number(record, "bytes"),
                           .changes = number(record, "changes"),
                           .told = number(record, "taken_back"),
                           .stale = wire_get(record, "stale_ms") != NULL,
                           .shortest = number(record, "shortest_ns"),
                           .opaque = number(record, "not_compared")};
    for (int i = 0; i < OBSERVED_TTLS; i++) {
        s.hits[i] = number_of_ttl(record, "hits", i);
        s.saved[i] = number_of_ttl(record, "saved_ns", i);
        s.differ[i] = number_of_ttl(record, "outdated", i);
        s.stale_hits[i] = number_of_ttl(record, "stale_hits", i);
        s.old[i] = number_of_ttl(record, "old", i);
        s.most[i] = number_of_ttl(record, "memory", i);
    }
    if (view->many)
        text_print(stdout, "\n%ld (%s)", process_number(p), p->program);
    const char *mode = wire_get(record, "mode");
    char before[64], after[64];
    char *word = text_word(name != NULL ? name : "");
    snprintf(before, sizeof before, "swrctl -p %ld set ", process_number(p));
    snprintf(after, sizeof after, "swrctl -p %ld mode ", process_number(p));
    bool observed = mode != NULL && strcmp(mode, "observe") == 0;
    struct advise_line line = {.before = before, .name = word, .then = observed ? after : NULL, .end = " on"};
    advise_print(stdout, &s, name != NULL ? name : "", number(record, "during_ns"), &line);
    free(word);
}

int subcommand_observe(struct invocation *in)
{
    struct asking a = {.in = in, .each = print};
    if (in->count > 0 && (in->process != NULL || in->all))
        return usage_error("write swrctl observe PID, or -p or -a before it");
    if (in->count > 0)
        in->process = in->operands[0];
    ask_start("observe");
    int result = ask_all(&a);
    if (uncalled[0] != 0)
        text_print(stdout, "\nnot called:%s\n", uncalled);
    if (result != STATUS_DONE || a.view.records != 0)
        return result;
    tell("no function is or was in mode observe; begin it with swrctl mode all observe --for 10m");
    return STATUS_NOTHING;
}
