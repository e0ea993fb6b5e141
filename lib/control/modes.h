/*
 * modes.h - the mode of a function, as tools see it.
 */
#ifndef CONTROL_MODES_H
#define CONTROL_MODES_H

#include "wire.h"
#include "runtime/registry/mode.h"

/* The mode in force, where it comes from, of how many keys, how long it lasts and what follows it. */
void mode_fields(struct wire_buffer *out, struct function *f);

#endif
