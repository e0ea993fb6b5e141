/*
 * option.h - settings from the environment as it was at the start, read when the runtime wakes. A wrong one
 * is ignored for its default, but a wrong switch is off; it is told in option_complaint() and the
 * file SWR_LOG names, as are names that nobody knows; never printed.
 */
#ifndef RUNTIME_OPTION_H
#define RUNTIME_OPTION_H

#include "complaint.h"
#include "base/os.h"

enum option {
#define OPTION(name, kind, value, help) OPTION_##name,
#include "option.def"
#undef OPTION
    OPTIONS
};

void option_read(void);
uint64_t option_number(enum option o);
const char *option_text(enum option o); /* NULL when unset */

#endif
