/*
 * SWR_FORCED: computed here and now, whatever is remembered or on its way; kept unless it failed.
 */
#include "promise.h"

static _Atomic int world, bodies;

#define TIMES .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0

static _Atomic int fails;

SWR_CACHED_STRING(news, (SWR_STR(of)), TIMES)
{
    char *s = malloc(32);
    bodies++;
    if (fails)
        swrcache_fail();
    snprintf(s, 32, "%s %d", of, world);
    return s;
}

static int news_of(void)
{
    char *s = news("x");
    int number = atoi(s + 2);
    free(s);
    return number;
}

static void *first(void *result)
{
    *(int *)result = news_of();
    return NULL;
}

static void forced(void)
{
    char *s = NULL;
    pthread_t thread;
    int old = 0;
    bodies = 0;
    world = 1;
    CHECK(news_of() == 1 && news_of() == 1 && bodies == 1);
    world = 2;
    CHECK(SWR_FORCED(news, &s, "x") && strcmp(s, "x 2") == 0 && outcome() == SWR_MISS && bodies == 2);
    free(s);
    CHECK(news_of() == 2 && outcome() == SWR_HIT);

    /* One that fails replaces nothing. */
    world = 3;
    fails = 1;
    CHECK(!SWR_FORCED(news, &s, "x") && strcmp(s, "x 3") == 0);
    free(s);
    fails = 0;
    CHECK(news_of() == 2 && outcome() == SWR_HIT);

    /* An older computation on its way is not joined, and does not replace what was forced. */
    SWR_INVALIDATE_ALL(news);
    gate_close("leader.after_call");
    pthread_create(&thread, NULL, first, &old);
    gate_await(1);
    world = 4;
    gate.point = "nowhere";
    CHECK(SWR_FORCED(news, &s, "x") && strcmp(s, "x 4") == 0);
    free(s);
    gate_open();
    pthread_join(thread, NULL);
    CHECK(old == 3 && news_of() == 4 && outcome() == SWR_HIT);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    forced();
    return finish("forced");
}
