/*
 * setting.h - which value of a setting is in force for a function, and where it comes from.
 *
 * In this order: `swrctl set`, the environment, a configuration file, the annotation; then the region and
 * those around it, in each the same four with its policy as the last; then the default.
 */
#ifndef RUNTIME_SETTING_H
#define RUNTIME_SETTING_H

#include "function.h"

enum setting_kind { SETTING_TIME, SETTING_COUNT, SETTING_PERCENT, SETTING_SIZE };

extern const struct setting_row {
    const char *name;
    enum setting_kind kind;
    size_t offset, annotated; /* in struct settings; in struct swrcache_policy */
    uint64_t value;           /* the default */
} setting_rows[SETTINGS];

/* A policy's fields as a layer; those out of range are told as `who`'s and left out. */
void setting_from_policy(struct setting_layer *layer, const struct swrcache_policy *p, const char *who);

/* What `change` gives counts in `layer` from now on, what has a bit in `unset` no more; setting_resolve()
 * then, of each function that it is a layer of. */
void setting_change(struct setting_layer *layer, const struct setting_layer *change, uint32_t unset);

/* A value as a person writes it. False: not of the form that setting_form() tells. */
bool setting_parse(const struct setting_row *row, const char *text, uint64_t *value);
const char *setting_form(const struct setting_row *row);
/* The names of all, a blank before each; gives `buffer`. */
enum { SETTING_NAMES_ROOM = 24 * SETTINGS };
const char *setting_names(char *buffer);

/* Puts the values in force into f->settings. The caller lets cache_retune() follow if it has entries. */
void setting_resolve(struct function *f);
/*
 * "set", "environment", "config", "annotation", "default"; "region shop" by its policy, or "region shop, set"
 * and the like.
 */
void setting_source(struct function *f, uint32_t s, char *buffer, size_t room);
/* A value of any layer, of those beside the settings too. False: by nobody; *value is left alone. */
bool setting_given(struct function *f, uint32_t s, uint64_t *value);
void setting_fork_prepare(void);
void setting_fork_release(void);

static inline uint64_t setting_of(struct function *f, enum setting s)
{
    return atomic_load((_Atomic uint64_t *)(void *)((char *)&f->settings + setting_rows[s].offset));
}

#endif
