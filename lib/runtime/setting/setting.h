/*
 * setting.h - which value of a setting is in force for a function, and where it comes from.
 *
 * In this order: `swrctl set`, the environment, a configuration file, the annotation; then the region and
 * those around it, in each the same four with its policy as the last; then the default.
 */
#ifndef RUNTIME_SETTING_H
#define RUNTIME_SETTING_H

#include "layer.h"
#include "swrcache/abi.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Settings in force: times in nanoseconds, CLOCK_NEVER for ever. Each word atomic; `swrctl set` writes them.
 */
struct settings {
    _Atomic uint64_t ttl, stale, stale_if_error, negative, wait, keep_warm, retry, retry_max;
    _Atomic uint64_t keep_warm_idle, jitter_pct, shadow_pct, max_entries, max_bytes;
};

/* PERCENT: from 0 to 100; SHARE: from 1, as 0 is unset in a policy. */
enum setting_kind { SETTING_TIME, SETTING_COUNT, SETTING_PERCENT, SETTING_SHARE, SETTING_SIZE };

extern const struct setting_row {
    const char *name;
    enum setting_kind kind;
    size_t offset, annotated; /* in struct settings; in struct swrcache_policy */
    uint64_t value;           /* the default */
} setting_rows[SETTINGS];

/* A policy's fields as a layer; those out of range are told as `who`'s and left out. */
void setting_from_policy(struct setting_layer *layer, const struct swrcache_policy *p, const char *who);

/* A value as a person writes it. False: not of the form that setting_form() tells. */
bool setting_parse(const struct setting_row *row, const char *text, uint64_t *value);
const char *setting_form(const struct setting_row *row);
/* The names of all, a blank before each; gives `buffer`. */
enum { SETTING_NAMES_ROOM = 24 * SETTINGS };
const char *setting_names(char *buffer);

#endif
