/* A region as a dictionary: bytes under bytes, for the region's time, bounded and invalidated like results.
 */
#include "../promises/promise.h"

static _Atomic int bodies;

SWR_REGION_POLICY("notes", .ttl_ms = 5000);
SWR_REGION_POLICY("few", .max_entries = 10);

SWR_CACHED(int, total, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    int v = 0;
    bodies++;
    return swrcache_get("notes", "sum", 3, &v, sizeof v) < 0 ? -n : v + n;
}

SWR_CACHED(int, noted, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    bodies++;
    return swrcache_has("notes", "there", 5) ? n : -n;
}

static void put_and_get(void)
{
    char buffer[8];
    CHECK(swrcache_get("notes", "k", 1, buffer, sizeof buffer) == -1);
    CHECK(swrcache_put("notes", "k", 1, "value", 5, 0));
    CHECK(swrcache_get("notes", "k", 1, buffer, sizeof buffer) == 5 && memcmp(buffer, "value", 5) == 0);
    CHECK(swrcache_get("notes", "k", 1, buffer, 2) == 5);
    CHECK(swrcache_put("notes", "k\0x", 3, NULL, 0, 0) && swrcache_get("notes", "k\0x", 3, NULL, 0) == 0);
    CHECK(swrcache_put("notes", "", 0, "empty", 5, 0) && swrcache_has("notes", NULL, 0));
    CHECK(swrcache_has("notes", "k", 1) && !swrcache_has("notes", "kk", 2) && !swrcache_has("other", "k", 1));
    CHECK(swrcache_delete("notes", "k", 1) && !swrcache_delete("notes", "k", 1));
    CHECK(!swrcache_has("notes", "k", 1));
    CHECK(!swrcache_put("no such..name", "k", 1, "v", 1, 0));
}

static void timed(void)
{
    swrcache_put("notes", "a", 1, "1", 1, 0);
    swrcache_put("notes", "b", 1, "1", 1, 60000);
    swrcache_advance(4999);
    CHECK(swrcache_has("notes", "a", 1));
    swrcache_put("notes", "a", 1, "2", 1, 0); /* renewed */
    swrcache_advance(4999);
    CHECK(swrcache_has("notes", "a", 1));
    swrcache_advance(2);
    CHECK(!swrcache_has("notes", "a", 1) && swrcache_has("notes", "b", 1));
    /* Absent is absent, by age or expired, whoever chose its time: no verb counts it. */
    CHECK(swrcache_invalidate("notes(\"a\")") == 0);
    swrcache_put("notes", "a", 1, "3", 1, 0);
    CHECK(swrcache_expire("notes(\"a\")") == 1 && swrcache_expire("notes(\"b\")") == 1);
    CHECK(!swrcache_has("notes", "a", 1) && !swrcache_has("notes", "b", 1));
    CHECK(swrcache_expire("notes") == 0 && swrcache_invalidate("notes") == 0);
}

static void like_results(void)
{
    int v = 40;
    for (int i = 0; i < 100; i++)
        swrcache_put("few", &i, sizeof i, &i, sizeof i, 0);
    int there = 0;
    for (int i = 0; i < 100; i++)
        there += swrcache_has("few", &i, sizeof i);
    CHECK(there == 10);
    CHECK(swrcache_invalidate("region:few") == 10);
    CHECK(total(2) == -2);
    swrcache_put("notes", "sum", 3, &v, sizeof v, 0);
    CHECK(total(2) == 42); /* what stood on the gap is gone */
    v = 50;
    swrcache_put("notes", "sum", 3, &v, sizeof v, 0);
    CHECK(total(2) == 52);
    bodies = 0;
    swrcache_put("notes", "else", 4, &v, sizeof v, 0);
    CHECK(total(2) == 52 && bodies == 0);
    /* Whether it is there is an answer that binds as well. */
    CHECK(noted(3) == -3 && swrcache_put("notes", "there", 5, "1", 1, 0) && noted(3) == 3);
    CHECK(swrcache_delete("notes", "there", 5) && noted(3) == -3);
    bodies = 0;
    CHECK(swrcache_put("notes", "there", 5, "1", 1, 0) && noted(3) == 3 && noted(3) == 3 && bodies == 1);
    swrcache_region_invalidate_on("notes", "forget");
    CHECK(swrcache_emit("forget") >= 2 && !swrcache_has("notes", "sum", 3));
    CHECK(total(2) == -2);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    put_and_get();
    timed();
    like_results();
    return finish("dictionaries");
}
