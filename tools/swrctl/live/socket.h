/*
 * socket.h - the way to a process's socket: through a directory that is its owner's alone, to the process
 * that the name means and no other.
 */
#ifndef SWRCTL_SOCKET_H
#define SWRCTL_SOCKET_H

#include <sys/stat.h>

#include "process.h"

/* Where this user's processes listen if nothing keeps them from it. False: the name is of no use. */
bool socket_first_directory(char path[PATH_ROOM]);

/* A private directory of `owner` (of anyone's, for root: -1); -1 with errno, EPERM: not to be trusted. */
int socket_directory(const char *path, uid_t owner, struct stat *st);

/*
 * Finds out in p->pid which process it is that listens to p->socket in a directory that was checked: it must
 * be p->uid's, and number itself p->own. False with errno: EPERM, it is another user's; ESRCH, another
 * process; else connect(2)'s.
 */
bool socket_attribute(int directory, struct process *p);

/* A connection to it, checked in the same way; -1 with errno. */
int socket_dial(const struct process *p);

/* What errno of these says. */
const char *socket_error(int error);

#endif
