/* Tags, of every result and of one; those of a computation under way; and that data is never syntax. */
#include "../promises/promise.h"

#include <semaphore.h>

#include "core/mark.h"

enum { HELD = 77, KEPT = 3, MADE = 40 };

static _Atomic int bodies, world = 1;
static atomic_bool hold;
static sem_t inside, go_on; /* a body of HELD stops between them */

SWR_CACHED(int, profile, (SWR_VAL(int, id)), .tags = "people pages", .ttl_ms = SWR_FOREVER)
{
    int seen = world;
    bodies++;
    swrcache_tag("user:%d", id);
    if (id == HELD && atomic_exchange(&hold, false)) {
        sem_post(&inside);
        sem_wait(&go_on);
    }
    return seen * 100 + id;
}

SWR_CACHED(int, titled, (SWR_STR(title)), .ttl_ms = SWR_FOREVER)
{
    bodies++;
    swrcache_tag("title:%s", title);
    return (int)strlen(title);
}

SWR_CACHED(int, plain, (SWR_VAL(int, id)), .ttl_ms = SWR_FOREVER)
{
    bodies++;
    return id;
}

SWR_CACHED(int, few, (SWR_VAL(int, id)), .tags = "fews", .ttl_ms = SWR_FOREVER, .max_entries = KEPT)
{
    swrcache_tag("few:%d", id);
    return id;
}

/* An entry that made room for others is no more under its tags. */
static void evicted(void)
{
    char tag[24];
    uint32_t counted = 0;
    size_t matched = 0;
    for (int id = 0; id < MADE; id++)
        CHECK(few(id) == id);
    CHECK(mark_count(mark_tag("fews").id) == KEPT);
    for (int id = 0; id < MADE; id++) {
        snprintf(tag, sizeof tag, "few:%d", id);
        uint32_t count = mark_count(mark_tag(tag).id);
        size_t match = swrcache_expire("tag:few:%d", id);
        CHECK(match == count && count <= 1);
        counted += count;
        matched += swrcache_invalidate("tag:few:%d", id);
        CHECK(mark_count(mark_tag(tag).id) == 0);
    }
    CHECK(counted == KEPT && matched == KEPT);
    CHECK(swrcache_invalidate("tag:fews") == 0);
}

static void one_and_all(void)
{
    for (int id = 0; id < 10; id++)
        (void)(profile(id) + plain(id));
    bodies = 0;
    CHECK(swrcache_invalidate("tag:user:%d", 4) == 1);
    for (int id = 0; id < 10; id++)
        CHECK(profile(id) == 100 + id && plain(id) == id);
    CHECK(bodies == 1);
    CHECK(swrcache_invalidate("tag:people") == 10);
    CHECK(swrcache_invalidate("tag:pages") == 0);
    CHECK(swrcache_invalidate("tag:user:4") == 0);
    bodies = 0;
    for (int id = 0; id < 10; id++)
        (void)(profile(id) + plain(id));
    CHECK(bodies == 10);
    CHECK(swrcache_expire("tag:user:%d", 3) == 1);
    CHECK(profile(3) == 103 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(60000));
    CHECK(profile(3) == 103 && outcome() == SWR_HIT);
}

static void data_is_data(void)
{
    static const char *const odd[] = {"a*", "a\"b", "x:y", "back\\slash", "sp ace", "tab\there",
                                      "(",  "%s",   ""};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        (void)titled(odd[i]);
    (void)titled("ab");
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        CHECK(swrcache_invalidate("tag:title:%s", odd[i]) == 1);
        CHECK(swrcache_invalidate("titled(\"%s\")", odd[i]) == 0);
        (void)titled(odd[i]);
        CHECK(swrcache_invalidate("titled(\"%s\")", odd[i]) == 1);
        (void)titled(odd[i]);
        CHECK(swrcache_invalidate("titled(%s)", odd[i]) == 1);
        (void)titled(odd[i]);
    }
    bodies = 0;
    CHECK(titled("ab") == 2 && bodies == 0);
    CHECK(swrcache_invalidate("titled(\"a*\")") == 3);
}

static void *compute(void *cookie)
{
    *(int *)cookie = profile(HELD);
    return NULL;
}

/* Invalidated while it is computed, after it named its tag: not kept, and nobody later joins it. */
static void under_way(void)
{
    pthread_t a;
    int old = 0;
    world = 1;
    sem_init(&inside, 0, 0);
    sem_init(&go_on, 0, 0);
    hold = true;
    pthread_create(&a, NULL, compute, &old);
    sem_wait(&inside);
    world = 2;
    swrcache_invalidate("tag:user:%d", HELD);
    CHECK(profile(HELD) == 200 + HELD);
    sem_post(&go_on);
    pthread_join(a, NULL);
    CHECK(old == 100 + HELD);
    CHECK(profile(HELD) == 200 + HELD && outcome() == SWR_HIT);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    one_and_all();
    evicted();
    data_is_data();
    under_way();
    CHECK(swrcache_invalidate("all") > 0);
    CHECK(mark_count(mark_tag("people").id) == 0);
    return finish("tags");
}
