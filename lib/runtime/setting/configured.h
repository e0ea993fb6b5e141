/*
 * configured.h - settings of functions and regions from outside the program: SWR_SETTINGS, and what `swrctl
 * run` found in a configuration file.
 *
 *   SWR_SETTINGS='region:shop ttl=2m stale=10m; quote ttl=5s invalidate_on="list.changed year.over"'
 *
 * A line's end parts two as a semicolon does. Read once, when the runtime wakes; constant from then on. What
 * is wrong is left out and told to option_complain().
 */
#ifndef RUNTIME_CONFIGURED_H
#define RUNTIME_CONFIGURED_H

#include "layer.h"

#include <stdbool.h>
#include <stddef.h>

enum configured_by { CONFIGURED_BY_ENVIRONMENT, CONFIGURED_BY_FILE, CONFIGURED_BY };

struct configured {
    struct configured *next;
    struct setting_layer layers[CONFIGURED_BY];
    const char *invalidate_on, *expire_on; /* events as in a policy; NULL: none */
    char target[];
};

/* Letters, digits, _ and - between dots: shop.stock.eu. */
bool region_valid(const char *name);
void configured_read(void);
/* Shows the name of every region that something was said of. */
void configured_regions(void (*visit)(const char *name));
/* `kind`: "region:" or "" for functions. NULL: nothing was said of it. */
const struct configured *configured_for(const char *kind, const char *name);
/* The next function that something was said of; NULL first, NULL last. */
const char *configured_function(const struct configured **at);

#endif
