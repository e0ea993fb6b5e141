/*
 * promise.h - what every promise's test uses: a check that names its line, a manual clock, and gates that
 * hold a thread at a sync point instead of sleeping.
 */
#ifndef TEST_PROMISE_H
#define TEST_PROMISE_H

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <swrcache.h>

#include "../gate.h"

static int failures;

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            printf("FAILED: %s:%d: %s\n", __FILE__, __LINE__, #condition);                                   \
            failures++;                                                                                      \
        }                                                                                                    \
    } while (0)

/* The environment is read before main: start once more with `name` set, unless it is. */
static inline void with_environment(char **argv, const char *name, const char *value)
{
    if (getenv(name) != NULL)
        return;
    setenv(name, value, 1);
    execv("/proc/self/exe", argv);
    perror("execv");
    exit(2);
}

static inline void with_manual_clock(char **argv)
{
    with_environment(argv, "SWR_CLOCK", "manual");
}

static inline enum swrcache_outcome outcome(void)
{
    struct swrcache_info info;
    swrcache_last(&info);
    return info.outcome;
}

static inline int finish(const char *what)
{
    printf("%s: %s\n", what, failures == 0 ? "kept" : "BROKEN");
    return failures != 0;
}

#endif
