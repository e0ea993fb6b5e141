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
    uint64_t calls, ns, keys, uncounted, bytes, changes, told, shortest, opaque;
    uint64_t hits[OBSERVED_TTLS], saved[OBSERVED_TTLS], differ[OBSERVED_TTLS], most[OBSERVED_TTLS];
    uint64_t stale_hits[OBSERVED_TTLS], old[OBSERVED_TTLS]; /* played if `stale`: somebody said how long */
    bool stale;
};

/* What would do it, in one of three forms. Foreign words stand in `argument`, or are quoted already. */
struct advise_line {
    const char *before;     /* "--wrap ", "swrctl -p 7 set ", "[quote]" */
    const char *argument;   /* the settings follow it in one quoted word */
    const char *name;       /* a word of its own, as text_word() makes it: the settings are words after it */
    const char *then, *end; /* of those: another command about that name; NULL: none */
    bool section;           /* on lines of their own below `before` */
};

/* A paragraph; `ns`: how long it was looked at, 0: not known. */
void advise_print(FILE *out, const struct advise_sum *sum, const char *name, uint64_t ns,
                  const struct advise_line *line);

#endif
