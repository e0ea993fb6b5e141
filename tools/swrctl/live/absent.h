/*
 * absent.h - why a process that was named cannot be asked.
 */
#ifndef SWRCTL_ABSENT_H
#define SWRCTL_ABSENT_H

#include "process.h"

/* `wanted`: a number or a name, of none in `list`. On standard error. */
void absent_tell(const char *wanted, const struct process *list, size_t count);

#endif
