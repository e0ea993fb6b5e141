/* A signal handler that calls; and threads of the runtime that take no signals. */
#include "hazard.h"

#include <dirent.h>
#include <sys/time.h>

static _Atomic int ticks, bodies;

SWR_CACHED(long, square, (SWR_VAL(long, n)), .ttl_ms = 2, .stale_ms = 4)
{
    bodies++;
    return n * n;
}

SWR_CACHED(int, stay, (SWR_VAL(int, n)), .ttl_ms = 1, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    if (++bodies > 1)
        pause_ms(300);
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

static bool others_block_all(int *others)
{
    DIR *tasks = opendir("/proc/self/task");
    bool all = tasks != NULL;
    struct dirent *task;
    *others = 0;
    while (tasks != NULL && (task = readdir(tasks)) != NULL) {
        char path[300], line[200];
        if (task->d_name[0] == '.' || atoi(task->d_name) == getpid())
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        FILE *f = fopen(path, "r");
        if (f == NULL)
            continue;
        while (fgets(line, sizeof line, f) != NULL) {
            unsigned long long blocked;
            if (sscanf(line, "SigBlk: %llx", &blocked) != 1)
                continue;
            ++*others;
            /* SIGKILL and SIGSTOP cannot be blocked, 32 and 33 are glibc's own. */
            unsigned long long may_be_open = 1ull << 8 | 1ull << 18 | 1ull << 31 | 1ull << 32;
            if ((blocked | may_be_open) != ~0ull)
                all = false;
        }
        fclose(f);
    }
    if (tasks != NULL)
        closedir(tasks);
    return all;
}

int main(void)
{
    watchdog(60);
    handler_calls();
    bodies = 0;
    CHECK(stay(1) == 1);
    pause_ms(20);
    CHECK(stay(1) == 1);
    pause_ms(50);
    int others;
    CHECK(others_block_all(&others));
    CHECK(others >= 1);
    return finish("signals");
}
