/*
 * saving.h - what caching one function would have saved, as a paragraph.
 */
#ifndef SWRCTL_SAVING_H
#define SWRCTL_SAVING_H

#include <stdbool.h>
#include <stdio.h>

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

#endif
