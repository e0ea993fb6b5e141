/*
 * remains.h - socket files of processes that were killed before they could remove them.
 */
#ifndef SWRCTL_REMAINS_H
#define SWRCTL_REMAINS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The number that the process has in its own namespace, by the name of its socket as lib/control/place.c
 * makes it: PID.sock, or PID-NUMBER.sock where another namespace's process of that number was there first; of
 * one that is being made .new for .sock, and not `lasting`. 0: no such name.
 */
pid_t remains_number(const char *name, bool *lasting);

/*
 * Removes `name` from a directory that was checked, if it is such a socket, nobody listens to it, and no
 * process of that number is as old as it. Says nothing: who may not remove it leaves it.
 */
void remains_remove(int directory, const char *name);

#endif
