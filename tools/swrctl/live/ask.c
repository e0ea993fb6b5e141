#define _GNU_SOURCE
#include "ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

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

/* All parts of a reply, or as many as `limit` records take. */
static bool ask_parts(struct asking *a, const struct process *p)
{
    unsigned long long left = a->in->limit, from = 0, skip = 0;
    for (bool more = false;; more = true) {
        char *end = request + building.len;
        size_t before = a->view.records;
        if (left != 0)
            end += sprintf(end, " limit=%llu", left);
        if (more)
            end += sprintf(end, " from=%llu skip=%llu", from, skip);
        strcpy(end, "\n");
        if (!client_ask(p, request, a->each != NULL && !a->view.json ? a->each : show_record, &a->view,
                        &status_line))
            return false;
        size_t got = a->view.records - before;
        if (a->in->limit != 0 && (left -= got < left ? got : left) == 0)
            return true;
        if (wire_get(&status_line, "next") == NULL || got == 0) {
            if (a->in->sort != NULL && number_of("matched") > got)
                fprintf(stderr, "swrctl: %ld (%s): the first %zu of %llu\n", (long)p->pid, p->program, got,
                        number_of("matched"));
            return true;
        }
        from = number_of("next");
        skip = number_of("next_skip");
    }
}

static void show_outcome(struct asking *a, const struct process *p, unsigned long long matched)
{
    if (a->in->json)
        show_record(p, &status_line, &a->view);
    else if (a->listeners)
        printf("%ld (%s): %llu %s of %llu %s %s%s\n", (long)p->pid, p->program, matched,
               matched == 1 ? "entry" : "entries", number_of("functions"),
               number_of("functions") == 1 ? "function" : "functions", a->in->dry ? "would be " : "",
               a->outcome);
    else if (a->outcome[0] != 0)
        printf("%ld (%s): %llu %s %s%s\n", (long)p->pid, p->program, matched,
               matched == 1 ? "entry" : "entries", a->in->dry ? "would be " : "", a->outcome);
}

int ask_all(struct asking *a)
{
    static struct process processes[PROCESSES_MAX];
    const struct invocation *in = a->in;
    unsigned long long matched = 0;
    size_t count;
    char why[STATUS_ROOM] = "";
    if (building.full || memchr(request, '\n', building.len) != NULL)
        return usage_error("the request is too long");
    int result = process_choose(in, processes, PROCESSES_MAX, &count);
    if (result != STATUS_DONE)
        return result;
    a->view.json |= in->json;
    a->view.many = count > 1;
    for (size_t i = 0; i < count; i++) {
        if (!ask_parts(a, &processes[i])) {
            result = STATUS_FAILED;
            continue;
        }
        if (!a->counted)
            continue;
        const char *text = wire_get(&status_line, "why");
        if (text != NULL)
            snprintf(why, sizeof why, "%s", text);
        if (wire_get(&status_line, "left_out") != NULL)
            fprintf(stderr, "swrctl: %ld (%s): left out: %s: %s\n", (long)processes[i].pid,
                    processes[i].program, wire_get(&status_line, "left_out"),
                    wire_get(&status_line, "left_out_why"));
        unsigned long long here = number_of("matched");
        matched += here;
        if (a->outcome != NULL)
            show_outcome(a, &processes[i], here);
    }
    show_end(&a->view);
    if (!a->counted || matched != 0 || result != STATUS_DONE)
        return result;
    if (why[0] != 0)
        fprintf(stderr, "swrctl: nothing matched: %s\n", why);
    else
        fprintf(stderr, "swrctl: nothing matched %s; swrctl inspect lists the keys\n",
                in->count > 0 ? in->operands[0] : in->match);
    return STATUS_NOTHING;
}
