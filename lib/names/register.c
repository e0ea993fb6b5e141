#include "register.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SITES = 16 };

enum { MOST_DIGITS = 18 };

/* As lib/runtime/setting/option.c reads it, which tells of what is wrong; SWRCACHE_UNSET: no time. */
static int64_t time_of(const char *text)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    size_t digits = strspn(text, "0123456789");
    if (strcmp(text, "inf") == 0)
        return SWR_FOREVER;
    if (digits == 0 || digits > MOST_DIGITS)
        return SWRCACHE_UNSET;
    int64_t number = strtoll(text, NULL, 10), ns;
    if (number == 0 && text[digits] == 0)
        return 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(text + digits, units[i].name) == 0 &&
            !__builtin_mul_overflow(number, units[i].ms * 1000000, &ns))
            return number * units[i].ms;
    return SWRCACHE_UNSET;
}

static void tune(int64_t *field, const char *variable)
{
    const char *text = getenv(variable);
    int64_t ms = text != NULL ? time_of(text) : SWRCACHE_UNSET;
    if (ms != SWRCACHE_UNSET)
        *field = ms;
}

void names_register(struct swrcache_site *site, const char *shown, enum names_topic topic,
                    size_t (*all)(enum swrcache_operation))
{
    static struct swrcache_policy policies[MOST_SITES];
    static unsigned used;
    site->name = shown;
    site->flags |= SWRCACHE_SITE_INTERPOSED;
    if (used < MOST_SITES) {
        struct swrcache_policy *policy = &policies[used++];
        *policy = *site->policy;
        tune(&policy->ttl_ms, "SWR_NAMES_TTL");
        tune(&policy->stale_ms, "SWR_NAMES_STALE");
        tune(&policy->stale_if_error_ms, "SWR_NAMES_STALE_IF_ERROR");
        site->policy = policy;
    }
    watch_register(topic, all);
}
