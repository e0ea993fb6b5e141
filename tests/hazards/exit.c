/*
 * S12: every way to an end while a refresh runs that never returns: the status stays, nobody waits for that
 * body, and what still calls (handlers, destructors, other threads) is answered.
 */
#include "hazard.h"

enum way {
    BY_EXIT,
    BY_RETURN,
    BY_QUICK_EXIT,
    BY_UNDERSCORE_EXIT,
    BY_OTHER_THREAD,
    BY_MAIN_THREAD_GONE,
    BY_BODY,
    BY_SIGNAL,
    BY_ABORT,
    WAYS
};

static _Atomic int bodies, refreshing, leaving, in_body;

SWR_CACHED(int, slow, (SWR_VAL(int, n)), .ttl_ms = 1, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    if (++bodies > 1 && !leaving) {
        refreshing = 1;
        for (;;)
            pause();
    }
    return n;
}

/* On a worker: it is the body itself that leaves. */
SWR_CACHED(int, leaver, (SWR_VAL(int, n)), .ttl_ms = 1, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    if (in_body) {
        leaving = 1;
        exit(n);
    }
    return n;
}

static void late(void)
{
    int n = 5;
    if (slow(n) != n)
        _exit(99);
}

__attribute__((destructor)) static void later(void)
{
    int n = 5;
    if (slow(n) != n)
        _exit(98);
}

static void *returning(void *unused)
{
    for (;;)
        slow(5);
    return unused;
}

static void *leaves(void *status)
{
    exit(*(int *)status);
}

static void *leaves_last(void *main_thread)
{
    static int status;
    pthread_join(*(pthread_t *)main_thread, NULL);
    status = hazard_failures != 0 ? 97 : 1;
    exit(status);
}

/* Returns what main() is to return. */
static int child(enum way way, int status, bool calls_go_on)
{
    static int given;
    static pthread_t thread, self;
    watchdog(60);
    given = status;
    self = pthread_self();
    atexit(late);
    at_quick_exit(late);
    CHECK(slow(5) == 5 && leaver(status) == status);
    swrcache_advance(5);
    CHECK(slow(5) == 5);
    while (!refreshing)
        pause_ms(1);
    if (calls_go_on)
        pthread_create(&thread, NULL, returning, NULL);
    if (hazard_failures != 0)
        _exit(97);
    leaving = way != BY_BODY;
    switch (way) {
    case BY_EXIT:
        exit(status);
    case BY_QUICK_EXIT:
        quick_exit(status);
    case BY_UNDERSCORE_EXIT:
        _exit(status);
    case BY_OTHER_THREAD:
        pthread_create(&thread, NULL, leaves, &given);
        break;
    case BY_MAIN_THREAD_GONE:
        pthread_create(&thread, NULL, leaves_last, &self);
        pthread_exit(NULL);
    case BY_BODY:
        in_body = 1;
        CHECK(leaver(status) == status);
        break;
    case BY_SIGNAL:
        raise(SIGTERM);
        break;
    case BY_ABORT:
        abort();
    default:
        return status;
    }
    for (;;)
        pause();
}

static bool ended_by(enum way way, int expected, int status)
{
    int signal_of = way == BY_SIGNAL ? SIGTERM : way == BY_ABORT ? SIGABRT : 0;
    if (signal_of != 0)
        return WIFSIGNALED(status) && WTERMSIG(status) == signal_of;
    return WIFEXITED(status) && WEXITSTATUS(status) == (way == BY_MAIN_THREAD_GONE ? 1 : expected);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    /* ThreadSanitizer holds each exit up for a second. */
    int rounds = SANITIZED ? 1 : 20;
    for (int round = 0; round < rounds * WAYS; round++) {
        enum way way = round % WAYS;
        int expected = 2 + round % 90, status = -1;
        /* Nor does it know that the first thread can be waited for. */
        if (THREAD_SANITIZED && way == BY_MAIN_THREAD_GONE)
            continue;
        pid_t pid = fork();
        if (pid == 0)
            return child(way, expected, round / WAYS % 2 != 0);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        if (!ended_by(way, expected, status)) {
            fprintf(stderr, "way %d: status %x, not %d\n", way, status, expected);
            CHECK(!"ended as asked");
        }
    }
    return finish("exit");
}
