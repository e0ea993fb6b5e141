/* S21: a body crashes. The crash stays what it was: nothing is masked, no handler replaced. */
#include "hazard.h"

#include <setjmp.h>
#include <sys/resource.h>

static _Atomic int crash;
static sigjmp_buf out;
static volatile int handled;

SWR_CACHED(int, fragile, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    if (atomic_exchange(&crash, 0))
        __builtin_trap();
    return n + 1;
}

static void on_crash(int number)
{
    (void)number;
    handled++;
    siglongjmp(out, 1);
}

/* On the caller's own thread the host's handler sees it, leaves by siglongjmp, and the key goes on. */
static void here(void)
{
    crash = 1;
    if (sigsetjmp(out, 1) == 0) {
        fragile(1);
        CHECK(!"came back");
    }
    CHECK(handled == 1);
    CHECK(fragile(1) == 2 && outcome() == SWR_MISS);
    CHECK(fragile(1) == 2 && outcome() == SWR_HIT);
    struct sigaction now;
    CHECK(sigaction(SIGILL, NULL, &now) == 0 && now.sa_handler == on_crash);
}

/* On a worker it ends the process by that very signal: a handler that jumps away has no business there. */
static void on_a_worker(void)
{
    pid_t child = fork();
    int status = 0;
    if (child == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        watchdog(20);
        crash = 1;
        swrcache_advance(1500);
        fragile(1);
        swrcache_drain(10000);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGILL);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    watchdog(60);
    signal(SIGILL, on_crash);
    here();
    on_a_worker();
    return finish("crashing bodies");
}
