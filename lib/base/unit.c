#include "unit.h"
#include "clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool number(const char *text, uint64_t *value, const char **end)
{
    char *stop;
    int saved = errno;
    errno = 0;
    if (!isdigit((unsigned char)*text))
        return false;
    unsigned long long n = strtoull(text, &stop, 10);
    bool good = errno == 0;
    errno = saved;
    *value = n;
    *end = stop;
    return good;
}

bool unit_duration(const char *text, uint64_t *ns)
{
    static const struct {
        const char *unit;
        uint64_t ns;
    } units[] = {{"ms", 1000000},      {"s", 1000000000},     {"m", 60000000000},
                 {"h", 3600000000000}, {"d", 86400000000000}, {"us", 1000}};
    const char *end;
    uint64_t n;
    if (strcmp(text, "inf") == 0) {
        *ns = CLOCK_NEVER;
        return true;
    }
    if (!number(text, &n, &end))
        return false;
    if (n == 0 && *end == 0) {
        *ns = 0;
        return true;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].unit) == 0)
            return !__builtin_mul_overflow(n, units[i].ns, ns);
    return false;
}

bool unit_size(const char *text, uint64_t *bytes)
{
    const char *end;
    uint64_t n, unit = 1;
    if (strcmp(text, "inf") == 0) {
        *bytes = UINT64_MAX;
        return true;
    }
    if (!number(text, &n, &end))
        return false;
    switch (*end) {
    case 'K':
    case 'k':
        unit = 1 << 10;
        break;
    case 'M':
    case 'm':
        unit = 1 << 20;
        break;
    case 'G':
    case 'g':
        unit = 1 << 30;
        break;
    case 0:
        *bytes = n;
        return true;
    default:
        return false;
    }
    return end[1] == 0 && !__builtin_mul_overflow(n, unit, bytes);
}

bool unit_count(const char *text, uint64_t *count)
{
    const char *end;
    return number(text, count, &end) && *end == 0;
}

bool unit_switch(const char *text, bool *on)
{
    static const char *const words[][2] = {{"off", "on"}, {"no", "yes"}, {"false", "true"}, {"0", "1"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (int is = 0; is < 2; is++)
            if (strcasecmp(text, words[i][is]) == 0) {
                *on = is;
                return true;
            }
    return false;
}
