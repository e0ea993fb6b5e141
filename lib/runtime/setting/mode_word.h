/*
 * mode_word.h - the parts of a mode's word, and how modes are written: registry/mode.h has the whole of it.
 */
#ifndef RUNTIME_MODE_WORD_H
#define RUNTIME_MODE_WORD_H

#include "base/unit.h"

#include <stdbool.h>
#include <stdint.h>

/* The last two bits of a mode's word (mode.h). */
enum function_mode { FUNCTION_ON, FUNCTION_OFF, FUNCTION_SHADOW, FUNCTION_OBSERVE };
enum { MODE_PART = 9, MODE_RETURN = 2 * MODE_PART, MODE_ALL = 100 };
#define MODE_NOW ((UINT64_C(1) << MODE_PART) - 1)

static inline enum function_mode mode_kind(uint64_t word)
{
    return (enum function_mode)(word & 3);
}

/* Of the keys, how many are cached or observed. */
static inline uint32_t mode_percent(uint64_t word)
{
    return MODE_ALL - (uint32_t)(word >> 2 & 127);
}

static inline uint64_t mode_then(uint64_t word)
{
    return word >> MODE_PART & MODE_NOW;
}

extern const char *const mode_names[];

#define MODE_FORM         "observe, shadow, on or off"
#define MODE_UNSET        "unset" /* in the place of a mode, on the socket: what the program says counts again */
#define MODE_PERCENT_FORM "a number from 1 to 100"

bool mode_named(const char *name, enum function_mode *kind);

bool mode_percent_of(const char *text, uint64_t *percent);

#endif
