/*
 * count.h - how many system calls a program makes, seen by ptrace().
 */
#ifndef SWRBENCH_COUNT_H
#define SWRBENCH_COUNT_H

#include <stdbool.h>
#include <stddef.h>

struct counted {
    size_t all;     /* of its first thread, from its execve() to its end */
    size_t between; /* between two calls of getppid(), those not counted */
    size_t marks;   /* how many getppid() there were */
};

/* With those "NAME=value" settings. False: it could not be traced, or failed. */
bool count_calls(const char *const *argv, const char *const *environment, struct counted *counted);

#endif
