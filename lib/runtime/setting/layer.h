/* layer.h - settings as somebody gave them: an annotation, a region's policy, `swrctl set`, configured.h. */
#ifndef RUNTIME_LAYER_H
#define RUNTIME_LAYER_H

#include <stdint.h>

enum setting {
#define SETTING(name, kind, field, value, help) SETTING_of_##name,
#include "setting.def"

#undef SETTING
    SETTINGS
};

/* Said in the same places, but not by `swrctl set`: how functions begin (mode.h). */
enum { LAYER_MODE = SETTINGS, LAYER_PERCENT, LAYER_VALUES };

/* Times in nanoseconds; a mode as enum function_mode. */
struct setting_layer {
    uint32_t set; /* bit i: values[i] */
    uint64_t values[LAYER_VALUES];
};

#endif
