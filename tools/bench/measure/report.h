/*
 * report.h - one result: its spread over the rounds, as a line of a table or as one JSON object.
 */
#ifndef SWRBENCH_REPORT_H
#define SWRBENCH_REPORT_H

#include "bench.h"

/* Of the same measurement in several rounds. */
struct spread {
    double median, min, max;
    size_t rounds;
};
struct spread spread_of(double *values, size_t count); /* sorts them */
struct spread spread_one(double value);                /* measured once */
/* The rounds asked for, but no more than `most` of what takes its time. */
size_t rounds_of(const struct settings *settings, size_t most);
/* Says so on stderr when the rounds disagree by more than 15 %. */
void spread_warn(const struct spread *spread, const char *bench, const char *name);

/*
 * {"bench":"memory","case":"100000","unit":"bytes","median":..,"min":..,"max":..,"rounds":3, MORE}
 * MORE: the fields added between begin and end, in that order. Nothing is printed unless --json was given.
 * `spread` NULL: not measured, all null.
 */
void json_begin(const struct settings *settings, const char *bench, const char *name, const char *unit,
                const struct spread *spread);
void json_number(const char *field, double value);
void json_count(const char *field, uint64_t value);
void json_text(const char *field, const char *value);
void json_bool(const char *field, bool value);
void json_null(const char *field);
/* The median, and FIELD_min and FIELD_max. */
void json_spread(const char *field, const struct spread *spread);
void json_end(const struct settings *settings);

#endif
