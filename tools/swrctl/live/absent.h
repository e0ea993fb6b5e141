/*
 * absent.h - processes that run with the library and cannot be asked, and why.
 */
#ifndef SWRCTL_ABSENT_H
#define SWRCTL_ABSENT_H

#include "process.h"

struct absent {
    struct process process;
    char why[300]; /* as far as /proc tells */
};
/*
 * Those without a socket that would have it where this tool looks, `room` at most: not those in `list`, nor
 * those that were told another SWR_SOCKET_DIR. Gives how many.
 */
size_t absent_find(const struct process *list, size_t count, struct absent *found, size_t room);

/* `wanted`: a number or a name, of none in `list`. On standard error. */
void absent_tell(const char *wanted, const struct process *list, size_t count);

#endif
