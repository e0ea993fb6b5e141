/*
 * descriptor.h - a descriptor of ours in a program that may close it and use its number again.
 */
#ifndef CONTROL_DESCRIPTOR_H
#define CONTROL_DESCRIPTOR_H

#include <stdbool.h>
#include <sys/types.h>

/* What it was when it was opened. */
struct descriptor {
    int fd; /* -1: none */
    dev_t dev;
    ino_t ino;
};

/* Never 0, 1 or 2: a daemon that closed those would otherwise write its output to us. Gives the one to use.
 */
int descriptor_above_standard(int fd);
/* Takes `fd` over; false: it was none, or it is closed again. */
bool descriptor_keep(struct descriptor *d, int fd);
/* A socket, and the one it was: to be asked before each use. */
bool descriptor_ours(const struct descriptor *d);
void descriptor_close(struct descriptor *d);

#endif
