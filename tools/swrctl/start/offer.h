/*
 * offer.h - `swrctl advise --all-from LIB --prototypes FILE`: which functions a library offers, which of
 * them can be wrapped to be observed, and why the others cannot.
 */
#ifndef SWRCTL_OFFER_H
#define SWRCTL_OFFER_H

#include "object/reach.h"
#include "rule/names.h"
#include "rule/rules.h"

struct offer_skipped; /* a reason, and whom it concerns */

struct offer {
    const char **libraries, **prototypes; /* as they were given */
    size_t nlibraries, nprototypes;
    struct names reasons;          /* why functions are left out */
    struct offer_skipped *skipped; /* for each of these, who */
    size_t nskipped;
    struct names said; /* functions that have a rule */
};

void offer_add(const char ***list, size_t *count, const char *value);
void offer_free(struct offer *offer);

/*
 * Adds a rule for each function that can be carried and is not in `rules` yet. False, told on standard error:
 * a library or file cannot be read, or nothing is known of any function.
 */
bool offer_rules(struct offer *offer, struct rules *rules, const struct reach *reach);
/* What was left out, a line a reason, on standard error. */
void offer_report(const struct offer *offer);

#endif
