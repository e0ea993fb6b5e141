/*
 * process.h - a process that may be asked, and what /proc says of one.
 */
#ifndef SWRCTL_PROCESS_H
#define SWRCTL_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PROGRAM_MAX = 256, PROCESSES_MAX = 1024, PATH_ROOM = 108, SOCKET_NAME_ROOM = 64 };

struct process {
    pid_t pid; /* as this tool sees it; 0: not to be seen from its pid namespace */
    pid_t own; /* as it sees itself: by this number its socket is called */
    uid_t uid;
    char program[PROGRAM_MAX]; /* its own word, for text_print(); "": not known */
    char directory[PATH_ROOM]; /* of its socket */
    char socket[SOCKET_NAME_ROOM];
};

/* The number to show: the one that this tool sees, if there is one. */
long process_number(const struct process *p);
/* On standard error. */
void process_tell(const struct process *p, const char *why);

/* False, and "": /proc does not tell. */
bool process_name(pid_t pid, char *name, size_t room);
/* By the name it was called by, the one it gave itself, its file's, or its own word. */
bool process_called(const struct process *p, const char *name);
bool process_stopped(pid_t pid);
/* How it is numbered in its own pid namespace; `pid` itself, if /proc does not tell. */
pid_t process_own_number(pid_t pid);

/* Whether the library is mapped into it: 1 it is, 0 it is not, -1 nobody may look. */
int process_has_library(pid_t pid);
/* What its environment said of a name when it was started. 1: that; 0: nothing; -1: nobody may look, or the
 * process has written over it. */
int process_variable(pid_t pid, const char *name, char *value, size_t room);
/* The user it runs as; false: it is gone. */
bool process_user(pid_t pid, uid_t *uid);
/* Calls visit() for each process there is, until it returns false. */
void process_each(bool (*visit)(pid_t pid, void *cookie), void *cookie);

#endif
