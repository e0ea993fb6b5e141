#include "report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define DISAGREE 0.15

static bool printing;

struct spread spread_of(double *values, size_t count)
{
    struct spread spread = {.median = median(values, count), .rounds = count};

    if (count > 0) {
        spread.min = values[0];
        spread.max = values[count - 1];
    }
    return spread;
}

struct spread spread_one(double value)
{
    return (struct spread){value, value, value, 1};
}

size_t rounds_of(const struct settings *settings, size_t most)
{
    return (size_t)settings->rounds < most ? (size_t)settings->rounds : most;
}

void spread_warn(const struct spread *spread, const char *bench, const char *name)
{
    double apart = spread->median > 0 ? (spread->max - spread->min) / spread->median : 0;

    if (apart > DISAGREE)
        fprintf(stderr, "swrbench: %s %s: rounds disagree by %.0f %%: is the machine busy?\n", bench, name,
                apart * 100);
}

void json_number(const char *field, double value)
{
    if (printing && isfinite(value))
        printf(",\"%s\":%.6g", field, value);
    else if (printing)
        printf(",\"%s\":null", field);
}

void json_count(const char *field, uint64_t value)
{
    if (printing)
        printf(",\"%s\":%" PRIu64, field, value);
}

void json_text(const char *field, const char *value)
{
    if (!printing)
        return;
    printf(",\"%s\":\"", field);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            printf("\\%c", *value);
        else if ((unsigned char)*value < ' ')
            printf("\\u%04x", (unsigned)(unsigned char)*value);
        else
            putchar(*value);
    }
    putchar('"');
}

void json_bool(const char *field, bool value)
{
    if (printing)
        printf(",\"%s\":%s", field, value ? "true" : "false");
}

void json_null(const char *field)
{
    if (printing)
        printf(",\"%s\":null", field);
}

void json_spread(const char *field, const struct spread *spread)
{
    char name[64];

    json_number(field, spread->median);
    snprintf(name, sizeof name, "%s_min", field);
    json_number(name, spread->min);
    snprintf(name, sizeof name, "%s_max", field);
    json_number(name, spread->max);
}

void json_begin(const struct settings *settings, const char *bench, const char *name, const char *unit,
                const struct spread *spread)
{
    printing = settings->json;
    if (printing)
        printf("{\"bench\":\"%s\"", bench);
    json_text("case", name);
    json_text("unit", unit);
    json_number("median", spread ? spread->median : NAN);
    json_number("min", spread ? spread->min : NAN);
    json_number("max", spread ? spread->max : NAN);
    json_count("rounds", spread ? spread->rounds : 0);
}

void json_end(const struct settings *settings)
{
    if (printing)
        printf(",\"runtime\":%s}\n", settings->runtime ? "true" : "false");
    printing = false;
    fflush(stdout);
}
