/* S25: bodies and release functions that change their thread, end the process, fork, or call back. */
#include "hazard.h"

#include <locale.h>

#include "base/ambient.h"
#include "runtime/cache/cache.h"

static _Atomic int bodies;

/* What a worker's thread looks like to a body. */
static struct ambient seen[2];

SWR_CACHED(int, meddle, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    int body = ++bodies;
    if (body > 1 && body <= 3) {
        ambient_save(&seen[body - 2]);
        sigset_t none;
        sigemptyset(&none);
        pthread_sigmask(SIG_SETMASK, &none, NULL);
        uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0));
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
        struct ambient other;
        ambient_save(&other);
#if defined(__x86_64__)
        other.rounding |= 0x6000;
        other.x87 |= 0xc00;
#else
        other.rounding |= 0xc00000;
#endif
        ambient_restore(&other);
    }
    return n + body;
}

static void threads_are_put_right(void)
{
    CHECK(meddle(0) == 1);
    for (int i = 0; i < 2; i++) {
        swrcache_advance(1000);
        CHECK(meddle(0) == 1 + i);
        CHECK(swrcache_drain(10000));
    }
    CHECK(bodies == 3);
    for (int signal_ = 1; signal_ < 32; signal_++)
        CHECK(sigismember(&seen[0].mask, signal_) == sigismember(&seen[1].mask, signal_));
    CHECK(sigismember(&seen[1].mask, SIGTERM) == 1);
    CHECK(seen[0].locale == seen[1].locale);
    CHECK(seen[0].rounding == seen[1].rounding && seen[0].x87 == seen[1].x87);
    CHECK(seen[0].cancel_state == seen[1].cancel_state);
}

/* A body that invalidates its own key: the result is the caller's, and nobody else's. */
SWR_CACHED(int, undone, (SWR_VAL(int, n)))
{
    SWR_INVALIDATE(undone, n);
    return ++bodies;
}

static void one_shot(void)
{
    bodies = 0;
    CHECK(undone(1) == 1 && undone(1) == 2 && outcome() == SWR_MISS);
}

/* A release function that calls everything there is. */
static _Atomic int released;
static int *number_copy(const int *n);
static void number_free(int *n);

SWR_CACHED_OBJECT(int, number, (SWR_VAL(int, n)), number_copy, number_free, .max_entries = 4)
{
    int *p = malloc(sizeof *p);
    *p = n;
    return p;
}

static int *number_copy(const int *n)
{
    int *p = malloc(sizeof *p);
    *p = *n;
    return p;
}

static void number_free(int *n)
{
    static __thread bool inside;
    int value = *n;
    free(n);
    released++;
    if (inside)
        return;
    inside = true;
    SWR_INVALIDATE(number, value + 1);
    SWR_EXPIRE_ALL(number);
    CHECK(meddle(100 + value) > 0);
    swrcache_drain(0);
    inside = false;
}

static void release_calls_back(void)
{
    for (int n = 0; n < 400; n++) {
        int *p = number(n);
        CHECK(p != NULL && *p == n);
        free(p);
    }
    SWR_INVALIDATE_ALL(number);
    /* A worker may be at it too: what it has taken up it has not freed yet. */
    for (int i = 0; i < 20000 && released != 400; i++) {
        epoch_collect();
        usleep(1000);
    }
    CHECK(released == 400);
}

enum { EXIT, FORK, QUIT };
static _Atomic int deed, forked;

SWR_CACHED(int, drastic, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    if (++bodies > 1) {
        if (deed == EXIT)
            exit(5);
        if (deed == FORK) {
            pid_t child = fork();
            if (child == 0)
                return -1;
            forked = child;
        }
        if (deed == QUIT && bodies == 2)
            pthread_exit(NULL);
    }
    return n + bodies;
}

static void aftermath(void)
{
    if (drastic(0) < 0)
        _exit(6);
    CHECK(swrcache_drain(0));
}

/* On a worker: exit() ends the process with its status, at once. */
static void body_exits(void)
{
    pid_t child = fork();
    if (child == 0) {
        watchdog(20);
        atexit(aftermath);
        swrcache_advance(1000);
        drastic(0);
        for (;;)
            pause();
    }
    CHECK(wait_child(child) == 5);
}

/* The child of a worker that comes back from the body has nothing to go back to, and ends quietly. */
static void body_forks(void)
{
    deed = FORK;
    bodies = 1;
    printf("once");
    swrcache_advance(1000);
    drastic(0);
    CHECK(swrcache_drain(10000));
    CHECK(forked > 0 && wait_child(forked) == 0);
    CHECK(drastic(0) == 2 && outcome() == SWR_HIT);
    printf("\n");
}

/* A worker that leaves by pthread_exit() is no longer counted; the lease comes back. */
static void body_quits(void)
{
    deed = QUIT;
    bodies = 1;
    swrcache_advance(1000);
    CHECK(drastic(0) == 2);
    CHECK(swrcache_drain(10000));
    CHECK(drastic(0) == 2 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    CHECK(drastic(0) == 3 && outcome() == SWR_HIT);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    watchdog(60);
    threads_are_put_right();
    one_shot();
    release_calls_back();
    bodies = 0;
    CHECK(drastic(0) == 1);
    /* The leak checker cannot stop the worker that calls exit(). */
    if (!SANITIZED)
        body_exits();
    body_forks();
    body_quits();
    return finish("meddling bodies");
}
