/*
 * trace.h - a recorded sequence of requests: one "key" a line, or "milliseconds key" (a timed trace).
 * A file whose name ends in .xz is read through xz.
 */
#ifndef SWRBENCH_TRACE_H
#define SWRBENCH_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trace {
    size_t length;
    size_t unique; /* different keys */
    uint64_t *keys;
    uint64_t *ms;  /* NULL: not timed */
    char name[64]; /* of the file, without its folder and endings */
};

/* Says on stderr what is wrong with which line. */
bool trace_open(struct trace *trace, const char *path);
void trace_close(struct trace *trace);
/* Each request's key as one of 0, 1, 2, ... below `unique`. NULL: no memory. The caller frees it. */
uint32_t *trace_numbers(const struct trace *trace);

#endif
