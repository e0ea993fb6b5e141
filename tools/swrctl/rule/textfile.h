/*
 * textfile.h - a file that a user wrote, read as a whole before anything is made of it.
 */
#ifndef SWRCTL_TEXTFILE_H
#define SWRCTL_TEXTFILE_H

#include <stdbool.h>
#include <stddef.h>

enum { TEXTFILE_MOST = 1 << 20 };

struct textfile {
    char *text; /* malloc'ed, `len` bytes and a NUL */
    size_t len;
};

struct textfile_error {
    unsigned line, column; /* 0: the file as such */
    char text[128];
};

/*
 * A regular file, or standard input for "-", of at most TEXTFILE_MOST bytes, none of them NUL. Never waits
 * for anything but standard input: pipes, devices and directories are refused.
 */
bool textfile_read(const char *path, struct textfile *file, struct textfile_error *error);

#endif
