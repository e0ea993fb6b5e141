#define _GNU_SOURCE
#include "trace.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure/child.h"

static void name_of(char *name, size_t size, const char *path)
{
    const char *slash = strrchr(path, '/');

    snprintf(name, size, "%s", slash ? slash + 1 : path);
    name[strcspn(name, ".")] = '\0';
}

static bool number(char **at, uint64_t *value)
{
    char *end;

    while (**at == ' ' || **at == '\t')
        ++*at;
    if (!isdigit((unsigned char)**at))
        return false;
    errno = 0;
    *value = strtoull(*at, &end, 10);
    *at = end;
    return errno == 0;
}

/* One line; *timed is settled by the first. */
static bool parse(char *line, bool first, bool *timed, uint64_t *ms, uint64_t *key)
{
    bool two;

    if (!number(&line, key))
        return false;
    *ms = *key;
    two = number(&line, key);
    line += strspn(line, " \t\r\n");
    if (first)
        *timed = two;
    return *line == '\0' && two == *timed;
}

static bool grow(struct trace *trace, size_t *room, bool timed)
{
    size_t wider = *room ? *room * 2 : 1 << 16;
    uint64_t *keys = realloc(trace->keys, wider * sizeof *keys);
    uint64_t *ms = NULL;

    if (!keys)
        return false;
    trace->keys = keys;
    if (timed) {
        ms = realloc(trace->ms, wider * sizeof *ms);
        if (!ms)
            return false;
        trace->ms = ms;
    }
    *room = wider;
    return true;
}

static bool read_lines(struct trace *trace, FILE *file, const char *path)
{
    size_t room = 0, size = 0;
    char *line = NULL;
    bool timed = false, right = true;

    while (right && getline(&line, &size, file) >= 0) {
        uint64_t ms, key;

        right = parse(line, trace->length == 0, &timed, &ms, &key);
        if (right && timed && trace->length > 0 && ms < trace->ms[trace->length - 1])
            right = false;
        if (!right) {
            fprintf(
                stderr,
                "swrbench: %s:%zu: write 'key' or 'milliseconds key', whole numbers, like the lines before; "
                "times never go back\n",
                path, trace->length + 1);
            break;
        }
        if (trace->length == room && !grow(trace, &room, timed)) {
            fprintf(stderr, "swrbench: out of memory\n");
            right = false;
            break;
        }
        trace->keys[trace->length] = key;
        if (timed)
            trace->ms[trace->length] = ms;
        trace->length++;
    }
    if (right && ferror(file)) {
        fprintf(stderr, "swrbench: cannot read %s: %s\n", path, strerror(errno));
        right = false;
    }
    free(line);
    return right;
}

static int ascending(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

/* The different keys in order, NULL: no memory. */
static uint64_t *different(const struct trace *trace, size_t *count)
{
    uint64_t *sorted = malloc(trace->length * sizeof *sorted);

    *count = 0;
    if (!sorted)
        return NULL;
    memcpy(sorted, trace->keys, trace->length * sizeof *sorted);
    qsort(sorted, trace->length, sizeof *sorted, ascending);
    for (size_t at = 0; at < trace->length; at++)
        if (at == 0 || sorted[at] != sorted[*count - 1])
            sorted[(*count)++] = sorted[at];
    return sorted;
}

static bool count_unique(struct trace *trace)
{
    uint64_t *keys = different(trace, &trace->unique);

    if (!keys)
        fprintf(stderr, "swrbench: out of memory\n");
    free(keys);
    return trace->unique > 0;
}

uint32_t *trace_numbers(const struct trace *trace)
{
    size_t count;
    uint64_t *keys = different(trace, &count);
    uint32_t *numbers = keys ? malloc(trace->length * sizeof *numbers) : NULL;

    for (size_t at = 0; numbers && at < trace->length; at++) {
        const uint64_t *key = bsearch(&trace->keys[at], keys, count, sizeof *keys, ascending);

        numbers[at] = (uint32_t)(key - keys);
    }
    free(keys);
    return numbers;
}

bool trace_open(struct trace *trace, const char *path)
{
    size_t length = strlen(path);
    bool packed = length > 3 && strcmp(path + length - 3, ".xz") == 0;
    const char *const unpack[] = {"xz", "-dc", "--", path, NULL};
    pid_t pid = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool right = false, whole = true;
    FILE *file;

    *trace = (struct trace){0};
    name_of(trace->name, sizeof trace->name, path);
    if (fd < 0) {
        fprintf(stderr, "swrbench: cannot read %s: %s\n", path, strerror(errno));
        return false;
    }
    if (packed) {
        close(fd);
        pid = child_open(unpack, &fd);
    }
    file = packed && pid < 0 ? NULL : fdopen(dup(fd), "r");
    if (file) {
        right = read_lines(trace, file, path);
        fclose(file);
    }
    if (packed && pid >= 0)
        whole = child_close(pid, fd);
    else if (!packed)
        close(fd);
    if (right && (!whole || !file || trace->length == 0)) {
        fprintf(stderr, "swrbench: %s: %s\n", path, whole ? "no requests in it" : "xz cannot unpack it");
        right = false;
    }
    right = right && count_unique(trace);
    if (!right)
        trace_close(trace);
    return right;
}

void trace_close(struct trace *trace)
{
    free(trace->keys);
    free(trace->ms);
    *trace = (struct trace){0};
}
