/*
 * Mode observe plays what a cache would have done, with all that the program says of it: what it takes back
 * by any verb is no outdated hit, failures and old values are served as long as it is written, and what
 * bodies say of their results counts.
 */
#include "promise.h"

#include "base/clock.h"
#include "runtime/registry/mode.h"
#include "runtime/registry/observed.h"

static _Atomic int world, fails, skips;
static int64_t own_ttl;

SWR_CACHED(int, part, (SWR_VAL(int, n)))
{
    return n + world;
}

SWR_CACHED(int, kept, (SWR_VAL(int, n)), .mode = SWR_MODE_ON, .ttl_ms = SWR_SECONDS(1000))
{
    return n + world;
}

SWR_CACHED(int, level, (SWR_VAL(int, n)), .region = "basin.deep", .tags = "water", .invalidate_on = "flood",
           .expire_on = "rain")
{
    swrcache_tag("level:%d", n);
    if (skips)
        swrcache_skip();
    if (own_ttl != 0)
        swrcache_set_ttl(own_ttl, 0);
    kept(n);
    return part(n);
}

SWR_CACHED(int, tried, (SWR_VAL(int, n)), .negative_ms = 2000)
{
    if (fails)
        swrcache_fail();
    return fails ? -1 : n;
}

SWR_CACHED(int, aged, (SWR_VAL(int, n)), .stale_ms = 4000)
{
    return n + world;
}

SWR_STATIC_INVALIDATES(void, set_level, (SWR_VAL(int, n)), ("level(%d)", n))
{
    (void)n;
    world++;
}

static struct observed_function *observed(const char *name)
{
    for (uint32_t i = 0; i < function_count(); i++)
        if (strcmp(function_at(i)->site->name, name) == 0)
            return observed_at(function_at(i));
    CHECK(!"there is such a function");
    exit(1);
}

/* All begin anew; what is cached is forgotten. */
static void begin(void)
{
    swrcache_invalidate("all");
    mode_set_all(NULL, &(struct mode_wish){FUNCTION_ON, MODE_ALL, CLOCK_NEVER});
    mode_set_all(NULL, &(struct mode_wish){FUNCTION_OBSERVE, MODE_ALL, CLOCK_NEVER});
    for (uint32_t i = 0; i < function_count(); i++)
        if (strcmp(function_at(i)->site->name, "kept") == 0)
            mode_set(function_at(i), &(struct mode_wish){FUNCTION_ON, MODE_ALL, CLOCK_NEVER});
}

static void by_nobody(void)
{
}

static void by_key(void)
{
    SWR_INVALIDATE(level, 3);
}

static void by_text(void)
{
    swrcache_invalidate("level(3)");
}

static void by_pattern(void)
{
    swrcache_invalidate("level(>=2)");
}

static void by_all(void)
{
    SWR_INVALIDATE_ALL(level);
}

static void of_another_key(void)
{
    SWR_INVALIDATE(level, 4);
}

static void by_tag(void)
{
    swrcache_invalidate("tag:level:3");
}

static void of_other_keys(void)
{
    swrcache_invalidate("level(<3)");
    swrcache_invalidate("level(4)");
    swrcache_expire("level(>3)");
}

static void of_another_tag(void)
{
    swrcache_invalidate("tag:level:4");
}

static void by_tag_of_all(void)
{
    swrcache_invalidate("tag:water");
}

static void by_region(void)
{
    swrcache_invalidate("region:basin");
}

static void by_event(void)
{
    swrcache_emit("flood");
}

static void by_what_it_calls(void)
{
    SWR_INVALIDATE(part, 3);
}

static void by_what_it_calls_cached(void)
{
    SWR_INVALIDATE(kept, 3);
}

static void expired(void)
{
    swrcache_expire("level(3)");
}

static void expired_by_event(void)
{
    swrcache_emit("rain");
}

static void by_batch(void)
{
    swrcache_begin();
    SWR_INVALIDATE(level, 3);
    swrcache_commit();
}

/* What they take back is no hit; what nobody takes back, or who speaks of another, is an outdated one. */
static void every_verb(void)
{
    static void (*const verbs[])(void) = {
        by_key,        by_text,          by_pattern, by_all,           by_tag,
        by_tag_of_all, by_region,        by_event,   by_what_it_calls, by_what_it_calls_cached,
        expired,       expired_by_event, by_batch};
    static void (*const others[])(void) = {by_nobody, of_another_key, of_another_tag};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        begin();
        level(3);
        level(3);
        world++;
        verbs[i]();
        level(3);
        struct observed_function *o = observed("level");
        bool good = o->calls == 3 && o->hits[1] == 1 && o->differ[1] == 0 && o->changes == 1 && o->told == 1;
        CHECK(good);
        if (!good)
            printf("verb %zu: %lu calls %lu hits %lu outdated %lu changes %lu told\n", i,
                   (unsigned long)o->calls, (unsigned long)o->hits[1], (unsigned long)o->differ[1],
                   (unsigned long)o->changes, (unsigned long)o->told);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        begin();
        part(3);
        part(3);
        world++;
        others[i]();
        part(3);
        struct observed_function *o = observed("part");
        CHECK(o->hits[1] == 2 && o->differ[1] == 1 && o->changes == 1 && o->told == 0);
    }
    /* Who speaks of another leaves this one in peace. */
    begin();
    level(3);
    of_another_key();
    of_other_keys();
    of_another_tag();
    level(3);
    CHECK(observed("level")->hits[1] == 1);
}

/* A level that only its writer changes: 600 calls of six keys, ten writes. */
static void kept_right(void)
{
    begin();
    for (int i = 0; i < 600; i++) {
        if (i % 60 == 59) {
            set_level(i / 60 % 6);
            for (int n = 0; n < 6; n++)
                SWR_INVALIDATE(level, n);
        }
        level(i % 6);
        swrcache_advance(10);
    }
    struct observed_function *o = observed("level");
    CHECK(o->calls == 600 && o->keys == 6 && o->changes == 9 * 6 + 1 && o->told == o->changes);
    CHECK(o->hits[1] == 600 - 6 - o->changes && o->differ[0] == 0 && o->differ[1] == 0 && o->differ[2] == 0);
    CHECK(o->shortest == 0);
}

/* While it computes, too. */
static void (*amid)(void);

SWR_CACHED(int, slow, (SWR_VAL(int, n)))
{
    int answer = n + world;
    if (amid != NULL)
        amid();
    return answer;
}

static void rewrite(void)
{
    amid = NULL;
    world++;
    SWR_INVALIDATE(slow, 1);
}

static void amid_a_call(void)
{
    begin();
    amid = rewrite;
    slow(1);
    slow(1);
    slow(1);
    struct observed_function *o = observed("slow");
    CHECK(o->calls == 3 && o->hits[1] == 1 && o->differ[1] == 0 && o->told == 1);
}

static void failing(void)
{
    begin();
    fails = 1;
    tried(1);
    swrcache_advance(1500);
    tried(1); /* the failure is remembered */
    swrcache_advance(1000);
    tried(1); /* no more */
    struct observed_function *o = observed("tried");
    CHECK(o->hits[0] == 1 && o->hits[1] == 1 && o->differ[1] == 0);
    fails = 0;
    tried(1); /* it would still be, although the function works again */
    CHECK(o->hits[1] == 2 && o->differ[1] == 1);
    swrcache_advance(2000);
    tried(1);
    tried(1);
    CHECK(o->hits[1] == 3 && o->differ[1] == 1);
    /* Without a time none is. */
    begin();
    fails = 1;
    mode_set_all(NULL, &(struct mode_wish){FUNCTION_OBSERVE, MODE_ALL, CLOCK_NEVER});
    fails = 0;
    skips = 1;
    level(1);
    level(1);
    CHECK(observed("level")->hits[1] == 0);
    skips = 0;
}

static void old_values(void)
{
    begin();
    aged(1);
    swrcache_advance(3000);
    world++;
    aged(1); /* ttl 1 s: stale, and other by now; 10 s: fresh and outdated */
    struct observed_function *o = observed("aged");
    CHECK(o->stale == 4000 * NS_PER_MS);
    CHECK(o->hits[0] == 1 && o->stale_hits[0] == 1 && o->old[0] == 1 && o->differ[0] == 0);
    CHECK(o->hits[1] == 1 && o->stale_hits[1] == 0 && o->differ[1] == 1);
    aged(1); /* refreshed */
    CHECK(o->hits[0] == 2 && o->stale_hits[0] == 1 && o->differ[0] == 0);
    swrcache_advance(6000);
    aged(1); /* too old */
    CHECK(o->hits[0] == 2);
    /* Nobody said how long: none. */
    begin();
    part(1);
    swrcache_advance(1500);
    part(1);
    CHECK(observed("part")->stale == 0 && observed("part")->hits[0] == 0 && observed("part")->hits[1] == 1);
}

static void own_times(void)
{
    begin();
    own_ttl = 500;
    level(1);
    swrcache_advance(600);
    level(1);
    level(1);
    own_ttl = 0;
    struct observed_function *o = observed("level");
    CHECK(o->hits[0] == 1 && o->hits[1] == 1 && o->hits[2] == 1);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    slow(0);
    level(0);
    tried(0);
    aged(0);
    swrcache_advance(1000);
    every_verb();
    kept_right();
    amid_a_call();
    failing();
    old_values();
    own_times();
    return finish("played");
}
