/*
 * unit.h - numbers as people write them: "250ms", "20s", "5m", "1h", "inf" to nanoseconds (CLOCK_NEVER);
 * "64M", "1G" to bytes. False: not of that form, or too large. errno is left alone.
 */
#ifndef BASE_UNIT_H
#define BASE_UNIT_H

#include <stdbool.h>
#include <stdint.h>

bool unit_duration(const char *text, uint64_t *ns);
bool unit_size(const char *text, uint64_t *bytes);
/* on, yes, true, 1 or off, no, false, 0, in small letters or capitals */
bool unit_switch(const char *text, bool *on);
bool unit_count(const char *text, uint64_t *count); /* a plain number */

#endif
