/* A signal handler that calls; and threads of the runtime that take no signals. */
#include "hazard.h"

#include <sys/time.h>

#include "../tasks.h"

static _Atomic int ticks, bodies, let_go;

SWR_CACHED(long, square, (SWR_VAL(long, n)), .ttl_ms = 2, .stale_ms = 4)
{
    bodies++;
    return n * n;
}

SWR_CACHED(int, stay, (SWR_VAL(int, n)), .ttl_ms = 1, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    if (++bodies > 1)
        while (!let_go)
            pause_ms(1);
    return n;
}

static void on_tick(int number)
{
    (void)number;
    int saved = errno;
    int n = ++ticks % 50;
    if (square(n) != (long)n * n)
        hazard_failures++;
    errno = saved;
}

static void handler_calls(void)
{
    struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    sigaction(SIGPROF, &action, NULL);
    struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_PROF, &often, NULL);
    /* As long as it takes: how often the timer fires depends on how busy the machine is. */
    while (ticks < 300)
        for (long n = 0; n < 50; n++) {
            CHECK(square(n) == n * n);
            if (n % 10 == 3)
                SWR_INVALIDATE(square, n);
        }
    setitimer(ITIMER_PROF, &never, NULL);
}

int main(void)
{
    watchdog(60);
    handler_calls();
    bodies = 0;
    /* Until a thread of the runtime is in the body. */
    while (bodies < 2) {
        CHECK(stay(1) == 1);
        pause_ms(1);
    }
    int others;
    CHECK(tasks_block_all(&others));
    CHECK(others >= 1);
    let_go = 1;
    return finish("signals");
}
