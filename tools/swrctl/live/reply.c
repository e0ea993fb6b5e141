#define _GNU_SOURCE
#include "reply.h"

#include <stdio.h>
#include <string.h>

#include "terminal/text.h"

/* A process in a namespace of its own knows itself by another number. */
static void renumber(const struct process *p, struct wire_line *record)
{
    static char number[24];
    snprintf(number, sizeof number, "%ld", process_number(p));
    for (uint32_t i = 0; i < record->nfields; i++)
        if (strcmp(record->fields[i].name, "pid") == 0)
            record->fields[i].value = number;
}

bool reply_read(const struct process *p, char *text, size_t len, reply_record *record, void *cookie,
                struct wire_line *status)
{
    const char *why;
    for (char *line = text, *end; (end = memchr(line, '\n', len - (size_t)(line - text))) != NULL;
         line = end + 1) {
        *end = 0;
        if (!wire_parse(status, line, &why))
            break;
        if (status->rest != NULL) {
            tell("%ld (%s): %s", process_number(p), p->program, status->rest);
            return false;
        }
        if (status->verb != NULL && strcmp(status->verb, "ok") == 0)
            return true;
        if (status->verb != NULL)
            break;
        renumber(p, status);
        record(p, status, cookie);
    }
    process_tell(p, "its reply is malformed");
    return false;
}
