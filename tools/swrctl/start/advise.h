/*
 * advise.h - what caching would have brought, from the observations of a program's processes.
 */
#ifndef SWRCTL_ADVISE_H
#define SWRCTL_ADVISE_H

#include <stdbool.h>
#include <stdint.h>

#include "rule/rules.h"

/*
 * Prints a paragraph for each function that was called, what took longest first, to standard error: the
 * program's own output is elsewhere. `ns`: how long it ran. `asked`: of a library or preset, not of the
 * program alone.
 */
void advise_report(const char *directory, const struct rules *rules, bool asked, uint64_t ns);
/* Removes the directory with what lies in it. */
void advise_remove(const char *directory);

#endif
