/*
 * settings.h - the settings of a function that `set` may change.
 */
#ifndef CONTROL_SETTINGS_H
#define CONTROL_SETTINGS_H

#include "wire.h"
#include "runtime/registry/function.h"

/* Each setting in force and where it comes from: set, annotation or default. */
void settings_fields(struct wire_buffer *out, struct function *f);

#endif
