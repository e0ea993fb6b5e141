/*
 * reply.h - what a process answered, record by record.
 */
#ifndef SWRCTL_REPLY_H
#define SWRCTL_REPLY_H

#include "control/wire.h"
#include "process.h"

/* Shows one record of a reply. */
typedef void reply_record(const struct process *p, struct wire_line *record, void *cookie);

/*
 * Takes a whole reply apart, which is written to, and shows each record; its field `pid`, if it has one, is
 * the number that this tool sees. False after telling on stderr what is wrong. `status`: the last line.
 */
bool reply_read(const struct process *p, char *text, size_t len, reply_record *record, void *cookie,
                struct wire_line *status);

#endif
