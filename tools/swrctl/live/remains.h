/*
 * remains.h - socket files of processes that were killed before they could remove them.
 */
#ifndef SWRCTL_REMAINS_H
#define SWRCTL_REMAINS_H

/*
 * Removes `name` from a directory that was checked, if it is a socket PID.sock or PID.new, nobody listens to
 * it, and no process PID is as old as it. Says nothing: who may not remove it leaves it.
 */
void remains_remove(int directory, const char *name);

#endif
