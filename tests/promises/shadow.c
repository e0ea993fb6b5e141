/*
 * Mode shadow calls an answer wrong only if it is: fresh, undisturbed, and another than the function gives.
 * What was taken back while the two were compared, or is soon after, says nothing; what is stale, or was
 * renewed, is another by design. Only wrong answers end the caching, and only past the threshold; which was
 * wrong is told.
 */
#include "promise.h"

#include <signal.h>
#include <sys/wait.h>

#include "runtime/call/call.h"
#include "runtime/compute/suspect.h"
#include "runtime/registry/difference.h"
#include "runtime/registry/mode.h"

#define TIMES .ttl_ms = SWR_SECONDS(1000), .stale_ms = SWR_SECONDS(1000), .jitter_pct = 0

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

static struct function *named(const char *name)
{
    for (uint32_t i = 0; i < function_count(); i++)
        if (strcmp(function_at(i)->site->name, name) == 0)
            return function_at(i);
    CHECK(!"there is such a function");
    exit(1);
}

static struct counts {
    uint64_t compared, differed, outdated, changed, disturbed;
} before;

static struct counts counts_of(struct function *f)
{
    return (struct counts){function_counter(f, COUNTER_compared), function_counter(f, COUNTER_differed),
                           function_counter(f, COUNTER_outdated), function_counter(f, COUNTER_changed),
                           function_counter(f, COUNTER_disturbed)};
}

static void wait_and_judge(uint64_t ms)
{
    swrcache_advance(ms);
    suspect_judge();
}

static bool counted(const char *name, struct counts more)
{
    struct counts now = counts_of(named(name));
    bool as_told =
        now.compared - before.compared == more.compared && now.differed - before.differed == more.differed &&
        now.outdated - before.outdated == more.outdated && now.changed - before.changed == more.changed &&
        now.disturbed - before.disturbed == more.disturbed;
    if (!as_told)
        printf("%s: compared %lu differed %lu outdated %lu changed %lu disturbed %lu\n", name,
               (unsigned long)(now.compared - before.compared),
               (unsigned long)(now.differed - before.differed),
               (unsigned long)(now.outdated - before.outdated), (unsigned long)(now.changed - before.changed),
               (unsigned long)(now.disturbed - before.disturbed));
    return as_told;
}

static void shadow(const char *name)
{
    mode_set(named(name), &(struct mode_wish){FUNCTION_SHADOW, MODE_ALL, CLOCK_NEVER});
    before = counts_of(named(name));
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

static _Atomic int hidden;

SWR_CACHED(int, forgets, (SWR_STR(what)), TIMES)
{
    return (int)strlen(what) + hidden;
}

SWR_CACHED_STRING(hides, (SWR_STR(user)), TIMES, .secret = true, .shadow_pct = 80)
{
    char *text = malloc(32);
    (void)user;
    snprintf(text, 32, "pin %d", 1000 + hidden);
    return text;
}

static void call_hides(void)
{
    free(hides("alice"));
}

/* Its answers are wrong: in so many of a hundred comparisons. */
static void wrong_in(int percent, void (*call)(void))
{
    for (int i = 0; i < 100 && mode_kind(mode_of(named("hides"))) == FUNCTION_SHADOW; i++) {
        hidden = i % 100 * 37 % 100 < percent;
        for (int k = 0; k < 16; k++)
            call();
        hidden = 0;
        wait_and_judge(MODE_SLOWEST / NS_PER_MS);
    }
}

static void wrong(void)
{
    struct function *f = named("forgets");
    char text[SUSPECT_TEXT], source[40];
    struct difference d;
    swrcache_invalidate("all");
    hidden = 0;
    forgets("a\033[31m");
    shadow("forgets");
    CHECK(!difference_last(f, &d) && !suspect_text(f, text));
    hidden = 5;
    swrcache_advance(250);
    forgets("a\033[31m");
    wait_and_judge(99);
    CHECK(!difference_last(f, &d));
    wait_and_judge(1);
    /* Which it was, and how: escaped. */
    CHECK(counted("forgets", (struct counts){.compared = 1, .differed = 1}));
    CHECK(difference_last(f, &d) && strcmp(d.key, "forgets(\"a\\033[31m\")") == 0);
    CHECK(strcmp(d.kept, "6") == 0 && strcmp(d.given, "11") == 0 && d.age == 250 * NS_PER_MS);
    CHECK(suspect_text(f, text) && strstr(text, "forgets: shadow: 1 of 1 answers differed") != NULL);
    CHECK(strstr(text, "forgets(\"a\\033[31m\"): 6, 250 ms old, where the function gave 11") != NULL);
    /* Not after a few, but when most are. */
    int rounds = 0;
    for (; mode_kind(mode_of(f)) == FUNCTION_SHADOW && rounds < 100; rounds++) {
        for (int k = 0; k < 16; k++)
            forgets("a\033[31m");
        wait_and_judge(MODE_SLOWEST / NS_PER_MS);
    }
    CHECK(rounds >= MODE_WINDOW - 1 && rounds <= MODE_WINDOW);
    mode_source(f, source, sizeof source);
    CHECK(mode_kind(mode_of(f)) == FUNCTION_OFF && strcmp(source, "shadow") == 0);
    CHECK(suspect_text(f, text) && strstr(text, "it is not cached any more") != NULL);
    /* It is not said any more when it is not so any more. */
    mode_set(f, &(struct mode_wish){FUNCTION_ON, MODE_ALL, CLOCK_NEVER});
    CHECK(!suspect_text(f, text));

    /* How many are too many can be said; of secrets nothing is told. */
    f = named("hides");
    hidden = 0;
    call_hides();
    shadow("hides");
    wrong_in(70, call_hides);
    CHECK(mode_kind(mode_of(f)) == FUNCTION_SHADOW && counts_of(f).differed > 50);
    CHECK(difference_last(f, &d) && strcmp(d.key, "hides(***)") == 0);
    CHECK(strcmp(d.kept, "***") == 0 && strcmp(d.given, "***") == 0);
    wrong_in(95, call_hides);
    CHECK(mode_kind(mode_of(f)) == FUNCTION_OFF);
    /* Or that none are. */
    CHECK(atomic_load(&f->settings.shadow_pct) == 80);
    atomic_store(&f->settings.shadow_pct, 100);
    shadow("hides");
    wrong_in(100, call_hides);
    CHECK(mode_kind(mode_of(f)) == FUNCTION_SHADOW && counts_of(f).differed - before.differed > 90);
    CHECK(suspect_text(f, text) && strstr(text, "while fresh") != NULL && strstr(text, "pin") == NULL);
}

/* However many differ at once, so many wait, and no more are compared meanwhile. */
static void bounded(void)
{
    struct function *f = named("forgets");
    swrcache_invalidate("all");
    hidden = 0;
    forgets("x");
    shadow("forgets");
    hidden = 1;
    for (int i = 0; i < 16000; i++)
        forgets("x");
    CHECK(counted("forgets", (struct counts){.compared = 0}));
    CHECK(atomic_load(&f->suspected) == 16);
    SWR_INVALIDATE(forgets, "x");
    wait_and_judge(100);
    CHECK(atomic_load(&f->suspected) == 0 && counted("forgets", (struct counts){.disturbed = 16}));
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
    wrong();
    bounded();
    close(to_child[1]);
    CHECK(waitpid(child, NULL, 0) == child);
    return finish("shadow");
}
