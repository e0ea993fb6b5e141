/*
 * S62: a region for each user: 20,000 of them by put, all of which work, each as quick to make as the last;
 * as many as there can be is told, and leaves room for functions that come later.
 */
#include "hazard.h"
#include "told.h"

#include "runtime/registry/region.h"
#include "runtime/call/enroll.h"
#include "runtime/cache/audit.h"
#include "runtime/cache/cache.h"

enum { USERS = SANITIZED ? 4500 : 20000 };

static char name[64];

static const char *user(int n)
{
    snprintf(name, sizeof name, "user.%d", n);
    return name;
}

SWR_CACHED(int, early, (SWR_VAL(int, n)), .region = "user")
{
    return n;
}

/* First called when there are as many dictionaries as there can be. */
SWR_CACHED(int, late, (SWR_VAL(int, n)), .region = "user.late")
{
    return n;
}

static void many(void)
{
    for (int n = 0; n < USERS; n++)
        CHECK(swrcache_put(user(n), "k", 1, &n, sizeof n, 0));
    for (int n = 0; n < USERS; n++) {
        int got = -1;
        CHECK(swrcache_get(user(n), "k", 1, &got, sizeof got) == sizeof got && got == n);
    }
    CHECK(function_count() > USERS);
    /* A region alone, and all beneath another. */
    CHECK(swrcache_invalidate("region:user.7") == 1 && !swrcache_has(user(7), "k", 1));
    CHECK(swrcache_has(user(8), "k", 1));
    CHECK(early(1) == 1 && early(1) == 1 && outcome() == SWR_HIT);
    CHECK(swrcache_invalidate("region:user") == USERS - 1 + 1);
    CHECK(!swrcache_has(user(8), "k", 1) && early(1) == 1 && outcome() == SWR_MISS);
    CHECK(cache_held() <= 1 || swrcache_drain(60000));
    /* Their names have places of their own: none is found by a walk over all others. */
    uint32_t longest = 0;
    size_t count;
    struct region **all = region_all(&count);
    for (size_t i = 0; i < count; i++) {
        uint32_t length = 0;
        for (struct region *same = all[i]; same != NULL; same = atomic_load(&same->next_same))
            length++;
        longest = length > longest ? length : longest;
    }
    region_free_all(all, count);
    CHECK(count > USERS && longest <= 32);
}

/* Events are bounded as well, and those of one region are none of another's. */
static void events(void)
{
    char event[64];
    int n = 0;
    for (bool heard = true; heard; n += heard) {
        snprintf(event, sizeof event, "happened.%d", n);
        heard = swrcache_region_invalidate_on("user", event);
        CHECK(n < 10000);
    }
    CHECK(n == 1024 && told("listens to 1024 events"));
    CHECK(swrcache_region_invalidate_on("user", "happened.5"));
    CHECK(swrcache_region_invalidate_on("user.late", event));
    CHECK(early(2) == 2 && swrcache_emit("happened.1023") >= 1);
    CHECK(early(2) == 2 && outcome() == SWR_MISS);
    CHECK(swrcache_emit("%s", event) == 0);
}

static void as_many_as_there_can_be(void)
{
    int n = 0;
    while (n < FUNCTIONS_MAX && swrcache_put(user(n), "k", 1, "v", 1, 0))
        n++;
    CHECK(n >= DICTIONARIES_MAX - 2 && n <= DICTIONARIES_MAX);
    CHECK(told("as many as there can be"));
    CHECK(swrcache_put(user(1), "k", 1, "v", 1, 0) && swrcache_has(user(1), "k", 1));
    /* Once one of them is used no more, and no act of the audit tells of it, there is room again. */
    CHECK(swrcache_delete(user(2), "k", 1) && !swrcache_put("one.more", "k", 1, "v", 1, 0));
    for (int i = 0; i < AUDIT_ACTS; i++)
        swrcache_delete(user(1), "k", 1);
    for (int i = 0; i < DICTIONARIES_MAX && !swrcache_put("one.more", "k", 1, "v", 1, 0); i++)
        continue;
    CHECK(swrcache_has("one.more", "k", 1));
    CHECK(late(1) == 1 && late(1) == 1 && outcome() == SWR_HIT);
    struct swrcache_info info;
    swrcache_last(&info);
    CHECK(info.outcome == SWR_HIT);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv); /* none ends because a machine is slow */
    watchdog(300);
    many();
    events();
    if (!SANITIZED)
        as_many_as_there_can_be();
    return finish("a region for each user");
}
