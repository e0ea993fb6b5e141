/*
 * client.h - finding processes and asking them.
 */
#ifndef SWRCTL_CLIENT_H
#define SWRCTL_CLIENT_H

#include <sys/types.h>

#include "control/wire.h"

enum status { STATUS_DONE, STATUS_FAILED, STATUS_USAGE, STATUS_NOTHING, STATUS_NO_PROCESS };

enum { CLIENT_WAIT_MS = 5000, PROGRAM_MAX = 64, PROCESSES_MAX = 1024 };

struct process {
    pid_t pid;
    char program[PROGRAM_MAX];
    bool mute; /* known by its socket, but it does not answer; told already */
};

/* Shows one record of a reply. */
typedef void client_record(const struct process *p, struct wire_line *record, void *cookie);

/*
 * Sends one request and shows each record. False after telling on stderr why not. `status`: the last line,
 * its fields pointing into memory that lasts until the next request.
 */
bool client_ask(const struct process *p, const char *request, client_record *record, void *cookie,
                struct wire_line *status);

/* Processes of this user that have a socket; those that are gone are passed over. */
size_t client_processes(struct process *list, size_t room, bool tell);

#endif
