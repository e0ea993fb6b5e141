/*
 * Mode shadow calls an answer wrong only if it is: fresh, undisturbed, and another than the function gives.
 * What was taken back while the two were compared, or is soon after, says nothing; what is stale, or was
 * renewed, is another by design. None of that ends the caching.
 */
#include "shadowed.h"

#include <signal.h>
#include <sys/wait.h>

static _Atomic int world, drift, bodies;
static void (*_Atomic meanwhile)(void); /* while the function runs beside an answer */

/* Two are remembered at most. */
SWR_CACHED(int, part, (SWR_VAL(int, n)), TIMES, .max_entries = 2)
{
    return n + drift;
}

SWR_CACHED(int, level, (SWR_VAL(int, n)), TIMES, .region = "basin.deep", .tags = "water",
           .invalidate_on = "flood", .expire_on = "rain")
{
    int base = part(n);
    bodies++;
    swrcache_tag("level:%d", n);
    if (meanwhile != NULL)
        atomic_exchange(&meanwhile, NULL)();
    return base + world;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static bool written, may_end;

static void set_flag(bool *flag)
{
    pthread_mutex_lock(&mutex);
    *flag = true;
    pthread_cond_broadcast(&moved);
    pthread_mutex_unlock(&mutex);
}

static void await_flag(const bool *flag)
{
    pthread_mutex_lock(&mutex);
    while (!*flag)
        pthread_cond_wait(&moved, &mutex);
    pthread_mutex_unlock(&mutex);
}

SWR_STATIC_INVALIDATES(void, set_level, (SWR_VAL(int, n)), ("level(%d)", n))
{
    (void)n;
    world++;
    set_flag(&written);
    await_flag(&may_end);
}

/* level(3) is remembered, and the next hit is compared. */
static void begin(void)
{
    swrcache_invalidate("all");
    meanwhile = NULL;
    written = may_end = false;
    level(3);
    shadow("level");
}

static void *do_it(void *verb)
{
    ((void (*)(void))verb)();
    return NULL;
}

/* By another thread, at once. */
static void elsewhere(void (*verb)(void))
{
    pthread_t thread;
    pthread_create(&thread, NULL, do_it, (void *)verb);
    pthread_join(thread, NULL);
}

static void by_key(void)
{
    SWR_INVALIDATE(level, 3);
}

static void by_pattern(void)
{
    swrcache_invalidate("level(>=2)");
}

static void by_all(void)
{
    SWR_INVALIDATE_ALL(level);
}

static void by_tag(void)
{
    swrcache_invalidate("tag:level:3");
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

static void by_dependency(void)
{
    SWR_INVALIDATE(part, 3);
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

static int to_child[2], from_child[2];

static void by_relative(void)
{
    char c = 'v';
    CHECK(write(to_child[1], &c, 1) == 1 && read(from_child[0], &c, 1) == 1);
}

/* A fork's child that invalidates when it is told to. */
static pid_t relative(void)
{
    CHECK(pipe(to_child) == 0 && pipe(from_child) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        char c;
        close(to_child[1]);
        while (read(to_child[0], &c, 1) == 1) {
            by_key();
            if (write(from_child[1], &c, 1) != 1)
                break;
        }
        _exit(0);
    }
    return pid;
}

static void (*verb_now)(void);

static void change_elsewhere(void)
{
    world++;
    elsewhere(verb_now);
}

static bool disturbed_once(void)
{
    return counted("level", (struct counts){.disturbed = 1}) &&
           mode_kind(mode_of(named("level"))) == FUNCTION_SHADOW;
}

static void every_verb(void)
{
    static void (*const verbs[])(void) = {by_key,        by_pattern, by_all,           by_tag,
                                          by_tag_of_all, by_region,  by_event,         by_dependency,
                                          expired,       by_batch,   expired_by_event, by_relative};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        /* While the function runs for the comparison. */
        begin();
        verb_now = verbs[i];
        meanwhile = change_elsewhere;
        level(3);
        CHECK(meanwhile == NULL);
        level(4); /* what a relative says is obeyed by whoever enters next */
        wait_and_judge(150);
        bool good = disturbed_once();

        /* After it: the function gave the new value, the word comes later. */
        begin();
        world++;
        level(3);
        verbs[i]();
        level(4);
        wait_and_judge(150);
        good &= disturbed_once();
        CHECK(good);
        if (!good)
            printf("verb %zu\n", i);
    }
}

/* What an answer stands on was evicted, and is computed anew by the comparison itself: then it is another. */
static void renewed_below(void)
{
    begin();
    for (int n = 100; n < 110; n++)
        part(n);
    drift++;
    int old = 3 + world + drift - 1;
    CHECK(level(3) == old && outcome() == SWR_HIT);
    wait_and_judge(150);
    CHECK(disturbed_once());
}

static void *write_3(void *unused)
{
    set_level(3);
    return unused;
}

static void *change_in_batch(void *unused)
{
    swrcache_begin();
    world++;
    set_flag(&written);
    await_flag(&may_end);
    SWR_INVALIDATE(level, 3);
    swrcache_commit();
    return unused;
}

/* A writer takes its time between what it changes and its word, and so does a batch. */
static void slow_writers(void)
{
    static void *(*const writers[])(void *) = {write_3, change_in_batch};
    pthread_t thread;
    for (size_t i = 0; i < 2; i++) {
        begin();
        int old = 3 + drift + world;
        pthread_create(&thread, NULL, writers[i], NULL);
        await_flag(&written);
        CHECK(level(3) == old && outcome() == SWR_HIT);
        wait_and_judge(3000);
        CHECK(counted("level", (struct counts){.compared = 0}));
        set_flag(&may_end);
        pthread_join(thread, NULL);
        wait_and_judge(3000);
        CHECK(disturbed_once());
    }

    /* But not for ever. */
    begin();
    pthread_create(&thread, NULL, write_3, NULL);
    await_flag(&written);
    level(3);
    wait_and_judge(SUSPECT_LONGEST / NS_PER_MS);
    CHECK(counted("level", (struct counts){.compared = 1, .differed = 1}));
    set_flag(&may_end);
    pthread_join(thread, NULL);
}

/* Only its writer changes it, between hits and their comparisons too. */
static void well_kept(void)
{
    begin();
    for (int i = 0; i < 1600; i++) {
        if (i % 16 == 0 && i % 160 == 0) {
            verb_now = by_key;
            meanwhile = change_elsewhere;
        }
        level(3);
        if (i % 8 == 0)
            wait_and_judge(1);
    }
    meanwhile = NULL;
    wait_and_judge(150);
    struct counts now = counts_of(named("level"));
    CHECK(now.differed == before.differed && now.outdated == before.outdated);
    CHECK(now.disturbed - before.disturbed >= 5 && now.compared - before.compared >= 80);
    CHECK(mode_kind(mode_of(named("level"))) == FUNCTION_SHADOW);
}

static _Atomic uint64_t ms;

SWR_CACHED(int, seconds, (void), .ttl_ms = 300, .stale_ms = SWR_MINUTES(1))
{
    return (int)(ms / 1000);
}

/* The clock, fresh for 300 ms, asked all the time: what it gives changes every second, which is what its
 * times are for. */
static void changing(void)
{
    struct counts now;
    seconds();
    shadow("seconds");
    for (int i = 0; i < 10000; i++) {
        for (int k = 0; k < 40; k++)
            seconds();
        ms += 7;
        wait_and_judge(7);
        CHECK(swrcache_drain(10000));
    }
    now = counts_of(named("seconds"));
    CHECK(now.compared > 500 && now.differed > 10 && now.changed > 50);
    CHECK(mode_kind(mode_of(named("seconds"))) == FUNCTION_SHADOW);
}

/* A refresh brings what is new, as it is to. */
static void renewed(void)
{
    begin();
    for (int i = 0; i < 100; i++) {
        world++;
        swrcache_advance(1001 * 1000);
        for (int k = 0; k < 2; k++)
            level(3);
        CHECK(swrcache_drain(10000));
    }
    suspect_judge();
    struct counts now = counts_of(named("level"));
    CHECK(now.changed - before.changed >= 90);
    CHECK(now.differed == before.differed && mode_kind(mode_of(named("level"))) == FUNCTION_SHADOW);
}

/* A stale answer is old by design, as long as the refresh takes. */
static void stale(void)
{
    begin();
    world++;
    swrcache_advance(1001 * 1000);
    gate_close("refresh.before_publish");
    level(3);
    gate_await(1);
    for (int i = 1; i < 32; i++) {
        level(3);
        CHECK(outcome() == SWR_STALE_HIT);
    }
    wait_and_judge(150);
    CHECK(counted("level", (struct counts){.compared = 2, .outdated = 2}));
    gate_open();
    CHECK(swrcache_drain(10000));
    CHECK(counted("level", (struct counts){.compared = 3, .outdated = 2, .changed = 1}));
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    signal(SIGPIPE, SIG_IGN);
    part(1);
    level(1);
    pid_t child = relative();
    every_verb();
    renewed_below();
    slow_writers();
    well_kept();
    changing();
    stale();
    renewed();
    close(to_child[1]);
    CHECK(waitpid(child, NULL, 0) == child);
    return finish("shadow");
}
