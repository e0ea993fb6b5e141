/* Subcommands that only look. */
#define _GNU_SOURCE
#include "ask.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "absent.h"
#include "client.h"
#include "listing.h"

static const char *const function_columns[] = {
    "name",  "mode",   "calls",    "hit_pct", "stale_pct", "refreshes", "failures", "entries",
    "bytes", "ttl_ms", "stale_ms", "cost_us", "saved_ms",  "compared",  "differed", NULL};
static const char *const entry_columns[] = {"key",  "state",   "age_ms", "left_ms", "hits",
                                            "size", "cost_us", "value",  NULL};
static const char *const flight_columns[] = {"key", "kind", "age_ms", "tid", "fenced", "expired", NULL};
static const char *const act_columns[] = {"at", "verb", "target", "matched", "by", "by_pid", "caller", NULL};
static const char *const region_columns[] = {"region", "functions", "entries", "bytes", "dictionary", NULL};
static const char *const process_columns[] = {"pid",     "user",  "program", "functions",
                                              "entries", "bytes", "hit_pct", NULL};
/* The same where some cannot be asked. */
static const char *const absent_columns[] = {"pid",   "user",    "program", "functions", "entries",
                                             "bytes", "hit_pct", "why",     NULL};

static int look(struct invocation *in, const char *const *columns)
{
    struct asking a = {.in = in, .view.columns = columns};
    ask_start(in->subcommand);
    return ask_all(&a);
}

static unsigned long long number(const struct wire_line *record, const char *name)
{
    const char *text = wire_get(record, name);
    return text != NULL ? strtoull(text, NULL, 10) : 0;
}

/* What there is to say of a mode, in its one column. */
static void show_function(const struct process *p, struct wire_line *record, void *cookie)
{
    const char *by = wire_get(record, "mode_from"), *then = wire_get(record, "mode_then");
    char text[80];
    for (uint32_t i = 0; i < record->nfields; i++) {
        struct wire_field *field = &record->fields[i];
        if (strcmp(field->name, "mode") != 0)
            continue;
        int n = snprintf(text, sizeof text, "%.20s", field->value);
        if (number(record, "percent") != 100)
            n += snprintf(text + n, sizeof text - (size_t)n, " %llu%%", number(record, "percent"));
        if (then != NULL)
            snprintf(text + n, sizeof text - (size_t)n, ", %.20s in %llu s", then,
                     number(record, "mode_left_ms") / 1000);
        else if (by != NULL && strcmp(by, "shadow") == 0)
            snprintf(text + n, sizeof text - (size_t)n, " by shadow");
        field->value = text;
    }
    show_record(p, record, cookie);
}

int subcommand_functions(struct invocation *in)
{
    struct asking a = {.in = in,
                       .view.columns = in->verbose ? NULL : function_columns,
                       .each = in->verbose ? NULL : show_function};
    ask_start("functions");
    return ask_all(&a);
}

int subcommand_stats(struct invocation *in)
{
    /* Of several processes each is one object, with what it complains of. */
    struct asking a = {.in = in, .view.within = in->all ? "complaint" : NULL};
    ask_start("stats");
    return ask_all(&a);
}

int subcommand_regions(struct invocation *in)
{
    struct asking a = {.in = in, .view = {.columns = region_columns, .branches.field = "region"}};
    ask_start("regions");
    return ask_all(&a);
}

int subcommand_tags(struct invocation *in)
{
    return look(in, NULL);
}

int subcommand_audit(struct invocation *in)
{
    return look(in, act_columns);
}

int subcommand_inflight(struct invocation *in)
{
    return look(in, flight_columns);
}

/* Two entries whose versions alone differ would look the same. */
static void show_entry(const struct process *p, struct wire_line *record, void *cookie)
{
    static char text[8192];
    const char *version = wire_get(record, "version");
    for (uint32_t i = 0; version != NULL && i < record->nfields; i++) {
        struct wire_field *field = &record->fields[i];
        if (strcmp(field->name, "key") != 0)
            continue;
        snprintf(text, sizeof text, "%s, version %s", field->value, version);
        field->value = text;
    }
    show_record(p, record, cookie);
}

int subcommand_inspect(struct invocation *in)
{
    struct asking a = {.in = in,
                       .view.columns = entry_columns,
                       .each = in->tree ? NULL : show_entry,
                       .counted = in->count > 0 || in->match != NULL};
    if (in->count > 0 && strchr(in->operands[0], '(') != NULL)
        return usage_error("inspect takes a function; swrctl explain '%s' shows one call", in->operands[0]);
    ask_start("inspect");
    if (in->count > 0)
        ask_field("function", in->operands[0]);
    if (in->match != NULL)
        ask_field("match", in->match);
    if (in->sort != NULL)
        ask_field("sort", in->sort);
    if (in->tree) {
        a.view.columns = NULL;
        ask_number("tree", 1);
    }
    return ask_all(&a);
}

int subcommand_dump(struct invocation *in)
{
    in->json = true;
    return subcommand_inspect(in);
}

int subcommand_explain(struct invocation *in)
{
    struct asking a = {.in = in, .counted = true};
    if (strchr(in->operands[0], '(') == NULL)
        return usage_error("explain takes one call with its arguments, such as 'quote(\"ACME\", 3)', not %s",
                           in->operands[0]);
    ask_start("explain");
    ask_field("call", in->operands[0]);
    return ask_all(&a);
}

/* The user's name beside what the process says of itself. */
static void show_process(const struct process *p, struct wire_line *record, void *cookie)
{
    struct passwd *who = getpwuid(p->uid);
    char number[16];
    snprintf(number, sizeof number, "%u", (unsigned int)p->uid);
    if (record->nfields < WIRE_FIELDS_MAX)
        record->fields[record->nfields++] =
            (struct wire_field){(char *)(uintptr_t) "user", who != NULL ? who->pw_name : number};
    show_record(p, record, cookie);
}

/* One that cannot be asked: a line of its own, with the reason. */
static void show_absent(const struct absent *a, struct view *view)
{
    static struct wire_line record; /* large */
    char number[16];
    snprintf(number, sizeof number, "%ld", process_number(&a->process));
    record.nfields = 3;
    record.fields[0] = (struct wire_field){(char *)(uintptr_t) "pid", number};
    record.fields[1] =
        (struct wire_field){(char *)(uintptr_t) "program", (char *)(uintptr_t)a->process.program};
    record.fields[2] = (struct wire_field){(char *)(uintptr_t) "why", (char *)(uintptr_t)a->why};
    show_process(&a->process, &record, view);
}

int subcommand_ps(struct invocation *in)
{
    static struct listing processes;
    static struct absent absent[PROCESSES_MAX];
    static struct wire_line status_line;
    struct view view = {.json = in->json, .columns = process_columns};
    int result = STATUS_DONE;
    size_t nabsent = 0;
    if (in->process == NULL)
        listing_fill(&processes);
    else if ((result = listing_choose(&processes, in)) != STATUS_DONE)
        return result;
    if (in->process == NULL)
        nabsent = absent_find(processes.list, processes.count, absent, PROCESSES_MAX);
    if (nabsent != 0)
        view.columns = absent_columns;
    for (size_t i = 0; i < processes.count; i++) {
        struct patience patience = {0};
        if (!client_ask(&processes.list[i], "ping\n", show_process, &view, &patience, &status_line))
            result = STATUS_FAILED;
    }
    for (size_t i = 0; i < nabsent; i++)
        show_absent(&absent[i], &view);
    show_end(&view);
    return in->process == NULL && processes.passed_over != 0 ? STATUS_FAILED : result;
}
