/*
 * client.h - asking one process.
 */
#ifndef SWRCTL_CLIENT_H
#define SWRCTL_CLIENT_H

#include "reply.h"

enum { CLIENT_WAIT_MS = 5000 };

/* Asking one process for all parts of a reply; {0} to begin with. */
struct patience {
    long long until;          /* ms: replies that bring little share the time until then */
    unsigned replies, little; /* so far, and those that brought little */
};

/*
 * Sends one request (its line ended) and shows each record; its field `pid`, if it has one, is the number
 * that this tool sees. False after telling on stderr why not. `status`: the last line, its fields pointing
 * into memory that lasts until the next request.
 */
bool client_ask(const struct process *p, const char *request, reply_record *record, void *cookie,
                struct patience *patience, struct wire_line *status);

#endif
