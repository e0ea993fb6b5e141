/*
 * shrink.h - the fewest of some operations that still do not agree: pieces are left out, smaller and smaller
 * ones, for as long as a fresh process (this program, with `replay`) still ends badly.
 */
#ifndef TEST_SHRINK_H
#define TEST_SHRINK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "operation.h"

static size_t shrink_read(int fd, struct operation *operations, size_t room)
{
    ssize_t n = pread(fd, operations, room * sizeof *operations, 0);
    return n < 0 ? 0 : (size_t)n / sizeof *operations;
}

static bool still_wrong(const struct operation *operations, size_t count)
{
    int fd = memfd_create("operations", 0), status = 0;
    size_t size = count * sizeof *operations;
    bool written = fd >= 0 && write(fd, operations, size) == (ssize_t)size;
    pid_t child = written ? fork() : -1;
    if (child == 0) {
        char number[16];
        snprintf(number, sizeof number, "%d", fd);
        execl("/proc/self/exe", "replay", "replay", number, (char *)NULL);
        _exit(0);
    }
    if (child > 0)
        waitpid(child, &status, 0);
    close(fd);
    return child > 0 && status != 0;
}

/* How many are left, at the front. */
static size_t shrink(struct operation *operations, size_t count)
{
    struct operation *fewer = malloc(count * sizeof *fewer);
    if (!still_wrong(operations, count))
        puts("a fresh process agrees: it takes what came before, too");
    for (size_t piece = count / 2; piece != 0; piece /= 2)
        for (size_t at = 0; at + piece <= count;) {
            memcpy(fewer, operations, at * sizeof *fewer);
            memcpy(fewer + at, operations + at + piece, (count - at - piece) * sizeof *fewer);
            if (still_wrong(fewer, count - piece)) {
                count -= piece;
                memcpy(operations, fewer, count * sizeof *fewer);
            } else {
                at += piece;
            }
        }
    free(fewer);
    return count;
}

#endif
