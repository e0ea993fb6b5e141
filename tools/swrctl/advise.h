/*
 * advise.h - what caching would have brought, from the observations of a program's processes.
 */
#ifndef SWRCTL_ADVISE_H
#define SWRCTL_ADVISE_H

#include <stdio.h>

#include "rules.h"
#include "runtime/registry/observation.h"

/* One function, all processes together. */
struct advise_sum {
    uint64_t calls, ns, keys, uncounted, bytes, changes, shortest, opaque;
    uint64_t hits[OBSERVED_TTLS], saved[OBSERVED_TTLS], differ[OBSERVED_TTLS], most[OBSERVED_TTLS];
};

/* What would do it: the settings stand between these; `section`: on lines of their own below `before`. */
struct advise_line {
    const char *before, *after;
    bool section;
};

/* A paragraph; `ns`: how long it was looked at, 0: not known. */
void advise_print(FILE *out, const struct advise_sum *sum, const char *name, uint64_t ns,
                  const struct advise_line *line);

/*
 * Prints a paragraph for each function that was called, what took longest first, to standard error: the
 * program's own output is elsewhere. `ns`: how long it ran. `asked`: of a library or preset, not of the
 * program alone.
 */
void advise_report(const char *directory, const struct rules *rules, bool asked, uint64_t ns);
/* Removes the directory with what lies in it. */
void advise_remove(const char *directory);

#endif
