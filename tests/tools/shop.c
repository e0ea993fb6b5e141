/*
 * shop.c - a live process with regions, tags, events, dependencies and a dictionary, for tests of swrctl.
 */
#include <swrcache.h>

#include "obey.h"

static int bodies;

SWR_REGION_POLICY("shop", .ttl_ms = 50000);

SWR_CACHED(int, stock, (SWR_STR(item)), .region = "shop.stock")
{
    bodies++;
    swrcache_tag("item:%s", item);
    return (int)strlen(item);
}

SWR_CACHED(int, page, (SWR_STR(item)), .region = "shop", .stale_ms = SWR_FOREVER)
{
    bodies++;
    return stock(item) * 2;
}

SWR_CACHED(int, users, (SWR_VAL(int, n)), .invalidate_on = "user.saved", .tags = "people")
{
    bodies++;
    return n;
}

SWR_CACHED(int, tagged, (SWR_VAL(int, n)))
{
    swrcache_tag("a tag of a length that nine thousand of do not go into one reply of the socket: %d", n);
    return n;
}

static int obey(const char *line)
{
    if (strcmp(line, "all") == 0) {
        bodies = 0;
        for (int n = 0; n < 5; n++)
            (void)users(n * 10);
        (void)(page("bolt") + page("nut") + stock("gear"));
        swrcache_put("shop.notes", "k", 1, "v", 1, 0);
        return bodies;
    }
    if (strcmp(line, "regions") == 0) {
        int made = 0;
        for (int n = 0; n < 2998; n++) {
            char name[64];
            snprintf(name, sizeof name, "many.%s%d", n % 2 == 0 ? "" : "r", n);
            made += swrcache_region_invalidate_on(name, "never");
        }
        made += swrcache_region_invalidate_on("many-too", "never");
        return made + swrcache_region_invalidate_on("many", "never");
    }
    if (strcmp(line, "tags") == 0) {
        int tagged_now = 0;
        for (int n = 0; n < 9000; n++)
            tagged_now += tagged(n) == n;
        return tagged_now;
    }
    if (strcmp(line, "emit") == 0)
        return (int)swrcache_emit("user.saved");
    return -1;
}
