/*
 * client.h - asking one process.
 */
#ifndef SWRCTL_CLIENT_H
#define SWRCTL_CLIENT_H

#include "control/wire.h"
#include "process.h"

enum { CLIENT_WAIT_MS = 5000 };

/* Shows one record of a reply. */
typedef void client_record(const struct process *p, struct wire_line *record, void *cookie);

/*
 * Sends one request (its line ended) and shows each record. False after telling on stderr why not. `status`:
 * the last line, its fields pointing into memory that lasts until the next request.
 */
bool client_ask(const struct process *p, const char *request, client_record *record, void *cookie,
                struct wire_line *status);

#endif
