/*
 * client.h - one connection to the control socket: what it sent and has not been worked off, and the reply
 * that is on its way. Of the control thread alone.
 */
#ifndef CONTROL_CLIENT_H
#define CONTROL_CLIENT_H

#include "descriptor.h"
#include "wire.h"

#include <sys/types.h>

struct client {
    struct descriptor descriptor;
    pid_t peer;
    uint64_t since; /* ms: when the wait for the rest of a line, or for the reply to be taken, began */
    char *in;
    size_t in_len, in_room;
    struct wire_buffer out;
    size_t sent;
    bool running;  /* its command is under way: nobody else touches it */
    bool ending;   /* close once `out` is sent */
    bool ended;    /* it sends nothing more */
    bool answered; /* a reply was sent, or begun */
};

void client_open(struct client *c, int fd, pid_t peer);
void client_close(struct client *c);
/* The reply to the line before is on its way, and another is there. */
bool client_ready(const struct client *c);

/* What it has sent; one complete line; its reply. False: it is to be closed. */
bool client_read(struct client *c);
bool client_line(struct client *c);
bool client_write(struct client *c);

uint64_t client_ms(void); /* the time that `since` is of */

#endif
