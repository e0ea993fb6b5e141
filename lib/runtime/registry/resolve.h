/*
 * resolve.h - which value of a setting is in force for a function: its own layers and those of its regions
 * are looked through in the order that setting/setting.h gives. One lock guards all layers.
 */
#ifndef RUNTIME_RESOLVE_H
#define RUNTIME_RESOLVE_H

#include "function.h"
#include "region.h"
#include "runtime/setting/setting.h"

/* What `change` gives counts in `layer` from now on, what has a bit in `unset` no more; setting_resolve()
 * then, of each function that it is a layer of. */
void setting_change(struct setting_layer *layer, const struct setting_layer *change, uint32_t unset);

/* Puts the values in force into f->settings. The caller lets cache_retune() follow if it has entries. */
void setting_resolve(struct function *f);
/*
 * "set", "environment", "config", "annotation", "default"; "region shop" by its policy, or "region shop, set"
 * and the like.
 */
void setting_source(struct function *f, uint32_t s, char *buffer, size_t room);
/* A value of any layer, of those beside the settings too. False: by nobody; *value is left alone. */
bool setting_given(struct function *f, uint32_t s, uint64_t *value);

static inline uint64_t setting_of(struct function *f, enum setting s)
{
    return atomic_load((_Atomic uint64_t *)(void *)((char *)&f->settings + setting_rows[s].offset));
}

#endif
