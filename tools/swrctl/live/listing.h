/*
 * listing.h - the processes that have a control socket, and those of them that are meant.
 */
#ifndef SWRCTL_LISTING_H
#define SWRCTL_LISTING_H

#include "process.h"
#include "terminal/invocation.h"

struct listing {
    struct process list[PROCESSES_MAX];
    size_t count;
    size_t passed_over; /* sockets that nobody may be asked by: told */
};

/*
 * Processes of this user (for root: of all users) that listen; those that are gone are left out, and what
 * they left is removed. Tells on stderr of directories and sockets that cannot be trusted.
 */
void listing_fill(struct listing *l);

/* Of these, those that -p or -a mean. STATUS_DONE, or what to end with after telling why. */
int listing_choose(struct listing *l, const struct invocation *in);

#endif
