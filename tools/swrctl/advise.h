/*
 * advise.h - what caching would have brought, from the observations of a program's processes.
 */
#ifndef SWRCTL_ADVISE_H
#define SWRCTL_ADVISE_H

#include <stdint.h>

#include "rules.h"

/* Prints a paragraph for each rule to standard error: the program's own output is elsewhere. `ns`: how long
 * it ran. */
void advise_report(const char *directory, const struct rules *rules, uint64_t ns);
/* Removes the directory with what lies in it. */
void advise_remove(const char *directory);

#endif
