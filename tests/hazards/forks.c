/* Forking while other threads are in the midst of the cache, while a body runs, and behind libc's back. */
#include "hazard.h"

enum { FORKS = SANITIZED ? 20 : 200, HAMMERS = ADDRESS_SANITIZED ? 0 : 4 };

static _Atomic int stop, slow_bodies, slow_entered, let_go;

SWR_CACHED(long, twice, (SWR_VAL(long, n)), .ttl_ms = 5, .stale_ms = 20, .max_entries = 500)
{
    return 2 * n;
}

SWR_CACHED_STRING(spell, (SWR_VAL(int, n)), .ttl_ms = 10)
{
    char text[32];
    snprintf(text, sizeof text, "<%d>", n);
    return strdup(text);
}

SWR_CACHED(int, slow, (SWR_VAL(int, n)), .wait_ms = SWR_FOREVER)
{
    slow_bodies++;
    slow_entered = 1;
    while (!let_go)
        pause_ms(1);
    return n + 1;
}

static bool spell_ok(int n)
{
    char text[32], *spelt = spell(n);
    snprintf(text, sizeof text, "<%d>", n);
    bool ok = spelt != NULL && strcmp(spelt, text) == 0;
    free(spelt);
    return ok;
}

static void *hammer(void *cookie)
{
    unsigned seed = (unsigned)(size_t)cookie + 1;
    while (!stop) {
        long n = rand_r(&seed) % 1000;
        CHECK(twice(n) == 2 * n);
        CHECK(spell_ok((int)n));
        if (n % 16 == 0)
            SWR_INVALIDATE(twice, n);
        if (n % 128 == 1)
            SWR_EXPIRE(twice, n);
        if (n == 500)
            SWR_INVALIDATE_ALL(spell);
    }
    return NULL;
}

static void in_child(int round)
{
    watchdog(60);
    hazard_failures = 0;
    for (int i = 0; i < 50; i++) {
        long n = i % 2 ? i : 10000 + round * 100 + i;
        CHECK(twice(n) == 2 * n);
        CHECK(spell_ok((int)n));
    }
    SWR_INVALIDATE(twice, 1);
    _exit(hazard_failures != 0);
}

static void many_forks(void)
{
    pthread_t threads[HAMMERS + 1];
    for (int i = 0; i < HAMMERS; i++)
        pthread_create(&threads[i], NULL, hammer, (void *)(size_t)i);
    for (int round = 0; round < FORKS; round++) {
        pid_t child = fork_calmly();
        if (child == 0)
            in_child(round);
        CHECK(child > 0 && wait_child(child) == 0);
        CHECK(twice(round) == 2 * round);
    }
    stop = 1;
    for (int i = 0; i < HAMMERS; i++)
        pthread_join(threads[i], NULL);
}

static void *slow_caller(void *unused)
{
    (void)unused;
    CHECK(slow(1) == 2);
    return NULL;
}

/* The leader is not in the child: nobody may wait for it there. */
static void fork_in_a_body(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, slow_caller, NULL);
    while (!slow_entered)
        pause_ms(1);
    pid_t child = fork();
    if (child == 0) {
        watchdog(20);
        let_go = 1;
        CHECK(slow(1) == 2);
        CHECK(slow_bodies == 2);
        CHECK(slow(1) == 2 && outcome() == SWR_HIT && slow_bodies == 2);
        _exit(hazard_failures != 0);
    }
    CHECK(wait_child(child) == 0);
    let_go = 1;
    pthread_join(thread, NULL);
    CHECK(slow_bodies == 1);
}

SWR_CACHED(int, forking, (SWR_VAL(int, n)))
{
    pid_t child = fork();
    if (child == 0) {
        watchdog(20);
        CHECK(slow(7) == 8 && twice(4) == 8);
        return -n;
    }
    CHECK(wait_child(child) == 0);
    return n;
}

/* A body forks, and the child comes back through the cached call. */
static void a_body_forks(void)
{
    pid_t self = getpid();
    int n = forking(3);
    if (getpid() != self) {
        CHECK(n == -3 && forking(3) == -3);
        _exit(hazard_failures != 0);
    }
    CHECK(n == 3 && forking(3) == 3 && outcome() == SWR_HIT);
}

/* Without the handlers of pthread_atfork() nothing in the cache can be trusted: functions run plainly. */
static void raw_fork(void)
{
    CHECK(twice(21) == 42);
    pid_t child = _Fork();
    if (child == 0) {
        watchdog(20);
        for (int i = 0; i < 100; i++)
            if (twice(21) != 42 || outcome() != SWR_BYPASS)
                _exit(1);
        SWR_INVALIDATE(twice, 21);
        _exit(0);
    }
    CHECK(child > 0 && wait_child(child) == 0);
    CHECK(twice(21) == 42 && outcome() != SWR_BYPASS);
}

int main(void)
{
    watchdog(110);
    many_forks();
    fork_in_a_body();
    a_body_forks();
    raw_fork();
    return finish("forks");
}
