/*
 * child.h - swrbench started again: the runtime reads its settings once, and memory is measured in a process
 * that has done nothing else.
 */
#ifndef SWRBENCH_CHILD_H
#define SWRBENCH_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CHILD_SETTINGS = 8 };

/*
 * Runs /proc/self/exe with `args` (NULL-ended, without the program's name) and "NAME=value" `settings` added
 * to the environment; what it prints goes to `output` (room `size`, ended by a NUL). False: it could not be
 * run or failed.
 */
bool child_run(const char *const *args, const char *const *settings, char *output, size_t size);

/* A program by its name in PATH, its output to be read from *fd; -1: not to be had. */
pid_t child_open(const char *const *argv, int *fd);
bool child_close(pid_t pid, int fd); /* false: it failed */

/* swrbench again, beside this one: its output is read from *fd, its input ends when *input is closed. */
pid_t child_begin(const char *const *args, const char *const *settings, int *fd, int *input);

/* As child_run(), of another program. */
bool child_program(const char *const *argv, const char *const *settings, char *output, size_t size);

#endif
