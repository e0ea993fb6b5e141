/*
 * Promise 7: when in doubt, the function is called: no memory, no thread, full table, re-entered from a
 * signal handler, a fork's child that is not ready. One counter counts it.
 */
#include "promise.h"
#include "runtime/registry/function.h"
#include "base/service.h"

#include <signal.h>
#include <sys/wait.h>

static _Atomic int bodies;

SWR_CACHED(int, plain, (SWR_STR(text)), .ttl_ms = 1000, .stale_ms = 1000, .stale_if_error_ms = 1000,
           .jitter_pct = 0)
{
    bodies++;
    return (int)strlen(text);
}

static uint64_t bypasses(void)
{
    return function_counter(swrcache_site_plain.function, COUNTER_bypasses);
}

/* Each allocation of a miss in turn, and all from one on. */
static void no_memory(void)
{
    char lengthy[5000];
    memset(lengthy, 'x', sizeof lengthy - 1);
    lengthy[sizeof lengthy - 1] = 0;
    for (int n = 1; n < 12; n++)
        for (int forever = 0; forever < 2; forever++) {
            SWR_INVALIDATE_ALL(plain);
            os_alloc_fail_at((uint64_t)n, forever);
            for (int i = 0; i < 2; i++)
                CHECK(plain("four") == 4 && plain(lengthy) == (int)sizeof lengthy - 1);
            os_alloc_fail_at(0, false);
            CHECK(plain("four") == 4 && plain(lengthy) == (int)sizeof lengthy - 1);
            CHECK(plain("four") == 4 && outcome() == SWR_HIT);
            CHECK(plain(lengthy) == (int)sizeof lengthy - 1 && outcome() == SWR_HIT);
        }
    /* With none at all it is a bypass, and counted. */
    SWR_INVALIDATE_ALL(plain);
    uint64_t before = bypasses();
    os_alloc_fail_at(1, true);
    CHECK(plain("four") == 4 && outcome() == SWR_BYPASS);
    os_alloc_fail_at(0, false);
    CHECK(bypasses() == before + 1);
}

static void no_thread(void)
{
    CHECK(plain("thread") == 6);
    service_refuse(true);
    swrcache_advance(1500);
    CHECK(plain("thread") == 6 && outcome() == SWR_STALE_HIT);
    swrcache_advance(1000);
    CHECK(plain("thread") == 6 && outcome() == SWR_MISS);
    service_refuse(false);
}

SWR_CACHED(int, no_room, (SWR_VAL(int, n)), .max_bytes = 1)
{
    bodies++;
    return n;
}

static void full(void)
{
    bodies = 0;
    CHECK(no_room(5) == 5 && no_room(5) == 5 && bodies == 2);
}

/* What a signal handler does that interrupts the thread inside the runtime. */
static _Atomic int handled;

static void handler(int number)
{
    (void)number;
    CHECK(plain("handler") == 7 && outcome() == SWR_BYPASS);
    SWR_INVALIDATE(plain, "hit");
    handled++;
}

static void interrupt(const char *point)
{
    static __thread int inside;
    if (inside++ == 0 && strcmp(point, "reader.after_lookup") == 0)
        raise(SIGUSR1);
    inside--;
}

static void re_entered(void)
{
    CHECK(plain("hit") == 3);
    uint64_t before = bypasses();
    signal(SIGUSR1, handler);
    atomic_store(&sync_hook, interrupt);
    CHECK(plain("hit") == 3);
    atomic_store(&sync_hook, NULL);
    CHECK(handled == 1 && bypasses() == before + 1);
    CHECK(plain("hit") == 3 && outcome() == SWR_HIT);
}

/* A child that the handlers of pthread_atfork() did not prepare. */
static void unprepared_child(void)
{
    int status;
    CHECK(plain("child") == 5);
    pid_t child = _Fork();
    if (child == 0) {
        uint64_t before = bypasses();
        alarm(100);
        _exit(plain("child") == 5 && outcome() == SWR_BYPASS && bypasses() == before + 1 ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    no_memory();
    no_thread();
    full();
    re_entered();
    unprepared_child();
    return finish("promise 7");
}
