/* Threads of the smallest stack that there may be call, invalidate by every kind of target, batch and write.
 */
#include "hazard.h"

#include <limits.h>

static int version;

SWR_CACHED(int, number, (SWR_VAL(int, n), SWR_VAL(double, x)), .tags = "small",
           .invalidate_on = "small.event")
{
    return n + (int)x + version;
}

SWR_CACHED_STRING(name_of, (SWR_STR(text), SWR_VAL(int, n)))
{
    char *out = NULL;
    if (asprintf(&out, "%.10s %d", text, n + version) < 0)
        return NULL;
    return out;
}

SWR_CACHED(int, tagged, (SWR_VAL(int, n)))
{
    swrcache_tag("item:%d", n);
    return number(n, 0) + 1;
}

SWR_INVALIDATES(int, change, (SWR_VAL(int, n)), ("number(%d, *)", n), ("name_of(*, >=%d)", n))
{
    version++;
    return n;
}

static char lengthy[6000];

static void all_of_it(void)
{
    char word[16];
    for (int i = 0; i < 2; i++)
        CHECK(number(1, 2.5) == 3 + version && tagged(1) == 2 + version);
    char *name = name_of(lengthy, 1);
    CHECK(name != NULL && strncmp(name, "xxxxxxxxxx ", 11) == 0);
    free(name);
    swrcache_invalidate("number(>=%d, %f)", 1, 2.5);
    CHECK(swrcache_invalidate("name_of(\"x*\", %d)", 1) == 1);
    CHECK(swrcache_invalidate("name_of(%s, %d)", lengthy, 1) == 0);
    swrcache_expire("tag:item:%d", 1);
    swrcache_invalidate("region:%s", "small.region");
    swrcache_emit("small.%s", "event");
    CHECK(tagged(1) == 2 + version && outcome() == SWR_MISS);
    swrcache_begin();
    CHECK(swrcache_put("small.region", "key", 3, "value", 6, 0));
    swrcache_invalidate("number(%d, *)", 1);
    SWR_INVALIDATE(number, 1, 2.5);
    swrcache_commit();
    CHECK(swrcache_get("small.region", "key", 3, word, sizeof word) == 6);
    CHECK(change(1) == 1);
    CHECK(number(1, 2.5) == 3 + version && outcome() == SWR_MISS);
    CHECK(SWR_REFRESH(number, 1, 2.5));
    swrcache_drain(60000);
}

/* Beneath a body, too, that is nearly at the end of what there is. */
static void *shallow(void *unused)
{
    all_of_it();
    return unused;
}

int main(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    watchdog(60);
    memset(lengthy, 'x', sizeof lengthy - 1);
    pthread_attr_init(&attributes);
    CHECK(pthread_attr_setstacksize(&attributes, (size_t)sysconf(_SC_THREAD_STACK_MIN)) == 0);
    for (int i = 0; i < 3; i++) {
        CHECK(pthread_create(&thread, &attributes, shallow, NULL) == 0);
        pthread_join(thread, NULL);
    }
    return finish("shallow");
}
