#define _GNU_SOURCE
#include "ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "listing.h"
#include "terminal/text.h"

enum { STATUS_ROOM = 1024, PAGE_ROOM = 64 };

static char request[WIRE_IN_MAX];
static struct wire_buffer building;
static struct wire_line status_line;

static void *no_growth(void *old, size_t size)
{
    (void)old;
    (void)size;
    return NULL;
}

void ask_start(const char *verb)
{
    building = (struct wire_buffer){.data = request,
                                    .room = sizeof request - PAGE_ROOM,
                                    .max = sizeof request - PAGE_ROOM,
                                    .grow = no_growth};
    wire_text(&building, verb);
}

void ask_field(const char *name, const char *value)
{
    wire_field(&building, name, value);
}

void ask_number(const char *name, unsigned long long value)
{
    wire_number(&building, name, value);
}

static unsigned long long number_of(const char *name)
{
    const char *text = wire_get(&status_line, name);
    return text != NULL ? strtoull(text, NULL, 10) : 0;
}

/* Whether the reply says where it goes on, and that is further on than where it was asked from. */
static bool goes_on(unsigned long long *from, unsigned long long *skip, bool *moves)
{
    unsigned long long next = number_of("next"), next_skip = number_of("next_skip");
    *moves = next > *from || (next == *from && next_skip > *skip);
    *from = next;
    *skip = next_skip;
    return wire_get(&status_line, "next") != NULL;
}

/* In JSON the outcome has it all. */
static void pass_by(const struct process *p, struct wire_line *record, void *cookie)
{
    (void)p;
    (void)record;
    (void)cookie;
}

static reply_record *record_of(const struct asking *a)
{
    return a->view.json ? (a->for_people ? pass_by : show_record) : a->each != NULL ? a->each : show_record;
}

/* All parts of a reply, or as many as `limit` records take. */
static bool ask_parts(struct asking *a, const struct process *p)
{
    unsigned long long left = a->in->limit, from = 0, skip = 0;
    struct patience patience = {0};
    for (bool more = false, moves;; more = true) {
        char *end = request + building.len;
        size_t before = a->view.records;
        if (left != 0)
            end += sprintf(end, " limit=%llu", left);
        if (more)
            end += sprintf(end, " from=%llu skip=%llu", from, skip);
        strcpy(end, "\n");
        if (!client_ask(p, request, record_of(a), &a->view, &patience, &status_line))
            return false;
        size_t got = a->view.records - before;
        if (a->in->limit != 0 && (left -= got < left ? got : left) == 0)
            return true;
        if (!goes_on(&from, &skip, &moves) || got == 0) {
            if (a->in->sort != NULL && number_of("matched") > got)
                tell("%ld (%s): the first %zu of %llu", process_number(p), p->program, got,
                     number_of("matched"));
            return true;
        }
        if (!moves) {
            process_tell(p, "its reply does not go on");
            return false;
        }
    }
}

/* The processes that do the same before their next call: they were forked from it, or it from them. */
static const char *told_to(void)
{
    static char text[64];
    unsigned long long family = number_of("family");
    text[0] = 0;
    if (family != 0)
        snprintf(text, sizeof text, ", announced to %llu forked relative%s", family, family == 1 ? "" : "s");
    return text;
}

static void show_outcome(struct asking *a, const struct process *p, unsigned long long matched)
{
    if (a->in->json)
        show_record(p, &status_line, &a->view);
    else if (a->listeners)
        text_print(stdout, "%ld (%s): %llu %s of %llu %s %s%s%s\n", process_number(p), p->program, matched,
                   matched == 1 ? "entry" : "entries", number_of("functions"),
                   number_of("functions") == 1 ? "function" : "functions", a->in->dry ? "would be " : "",
                   a->outcome, told_to());
    else if (a->changed != NULL && matched != 0)
        text_print(stdout, "%ld (%s): %s mode %s: %llu function%s\n", process_number(p), p->program,
                   a->in->operands[0], a->changed, matched, matched == 1 ? "" : "s");
    else if (a->outcome[0] != 0)
        text_print(stdout, "%ld (%s): %llu %s %s%s%s\n", process_number(p), p->program, matched,
                   matched == 1 ? "entry" : "entries", a->in->dry ? "would be " : "", a->outcome, told_to());
}

int ask_all(struct asking *a)
{
    static struct listing processes;
    const struct invocation *in = a->in;
    unsigned long long matched = 0;
    char why[STATUS_ROOM] = "";
    if (building.full || memchr(request, '\n', building.len) != NULL)
        return usage_error("the request is too long");
    int result = listing_choose(&processes, in);
    if (result != STATUS_DONE)
        return result;
    a->view.json |= in->json;
    a->view.many = processes.count > 1;
    for (size_t i = 0; i < processes.count; i++) {
        const struct process *p = &processes.list[i];
        if (!ask_parts(a, p)) {
            result = STATUS_FAILED;
            continue;
        }
        if (!a->counted)
            continue;
        const char *text = wire_get(&status_line, "why");
        if (text != NULL)
            snprintf(why, sizeof why, "%s", text);
        if (wire_get(&status_line, "left_out") != NULL)
            tell("%ld (%s): left out: %s: %s", process_number(p), p->program,
                 wire_get(&status_line, "left_out"), wire_get(&status_line, "left_out_why"));
        unsigned long long here = number_of("matched");
        matched += here;
        if (a->outcome != NULL)
            show_outcome(a, p, here);
    }
    show_end(&a->view);
    if (in->all && processes.passed_over != 0)
        result = STATUS_FAILED;
    if (!a->counted || matched != 0 || result != STATUS_DONE)
        return result;
    if (why[0] != 0)
        tell("nothing matched: %s", why);
    else
        tell("nothing matched %s; swrctl inspect lists the keys",
             in->count > 0 ? in->operands[0] : in->match);
    return STATUS_NOTHING;
}
