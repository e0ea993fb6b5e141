#include "register.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SITES = 16 };

static int64_t scaled(int64_t number, const char *unit)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    if (number == 0 && *unit == 0)
        return 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(unit, units[i].name) == 0)
            return number <= SWR_FOREVER / units[i].ms ? number * units[i].ms : SWR_FOREVER;
    return SWRCACHE_UNSET;
}

/* What is no time is ignored: a guest prints nothing, and swrctl functions -v shows what holds. */
static void tune(int64_t *field, const char *variable)
{
    const char *text = getenv(variable);
    char *end;
    if (text == NULL)
        return;
    int64_t ms = SWR_FOREVER;
    if (strcmp(text, "inf") != 0) {
        long long number = strtoll(text, &end, 10);
        ms = end == text || number < 0 ? SWRCACHE_UNSET : scaled(number, end);
    }
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
