/*
 * idle.c - an idle process is woken seldom. A child makes cached calls and has something refreshed, so that
 * all of the runtime's threads have been there; then its threads' context switches are counted from outside.
 */
#define _GNU_SOURCE
#include "idle.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <swrcache.h>

#include "command.h"
#include "measure/child.h"
#include "measure/goal.h"

SWR_DECLARE(int64_t, cached_int, (SWR_VAL(int64_t, key)));

enum { SETTLE_MS = 3000, WINDOW_MS = 65000, QUICK_MS = 10000 };

static struct watched {
    pid_t pid;
    int fd, room; /* its output; it ends when `room` is closed */
    uint64_t since;
    long before, threads;
    char folder[32];
} watched = {.pid = -1};

/* In the child: says "x" when it begins to be idle. */
static int be_idle(void)
{
    int64_t value;
    char byte;

    for (int64_t key = 0; key < 100; key++)
        cached_int(key);
    cached_stale(1);
    SWR_EXPIRE_ALL(cached_int);
    for (int64_t key = 0; key < 100; key++)
        cached_int(key);
    swrcache_drain(10000);
    value = cached_int(1);
    printf("%c", value == (1 ^ INT_MIX) ? 'x' : '-');
    fflush(stdout);
    return read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 1;
}

/* Of all its threads; -1: it is gone. */
static long switches(pid_t pid, long *threads)
{
    char path[300], line[256];
    struct dirent *entry;
    long sum = 0, n;
    DIR *d;

    snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
    d = opendir(path);
    *threads = 0;
    if (!d)
        return -1;
    while ((entry = readdir(d))) {
        FILE *file;

        snprintf(path, sizeof path, "/proc/%ld/task/%s/status", (long)pid, entry->d_name);
        file = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
        *threads += file != NULL;
        while (file && fgets(line, sizeof line, file))
            if (sscanf(line, "voluntary_ctxt_switches: %ld", &n) == 1 ||
                sscanf(line, "nonvoluntary_ctxt_switches: %ld", &n) == 1)
                sum += n;
        if (file)
            fclose(file);
    }
    closedir(d);
    return sum;
}

void idle_begin(void)
{
    static char place[64];
    const char *const args[] = {"idle", NULL};
    const char *const settings[] = {place, "SWRBENCH_PART=idle", "SWR_CONTROL=1", NULL};
    char byte = 0;

    snprintf(watched.folder, sizeof watched.folder, "/tmp/swrbench-XXXXXX");
    if (!mkdtemp(watched.folder)) {
        watched.folder[0] = '\0';
        return;
    }
    snprintf(place, sizeof place, "SWR_SOCKET_DIR=%s", watched.folder);
    watched.pid = child_begin(args, settings, &watched.fd, &watched.room);
    if (watched.pid < 0 || read(watched.fd, &byte, 1) != 1 || byte != 'x')
        return;
    sleep_ms(SETTLE_MS);
    watched.before = switches(watched.pid, &watched.threads);
    watched.since = now_ns();
}

int idle_end(const struct settings *settings)
{
    long threads, after = watched.since ? switches(watched.pid, &threads) : -1;
    double minutes = (double)(now_ns() - watched.since) / 60e9;
    struct spread rate = spread_one((double)(after - watched.before) / minutes);

    if (watched.pid >= 0) {
        close(watched.room);
        child_close(watched.pid, watched.fd);
    }
    if (watched.folder[0])
        rmdir(watched.folder);
    if (after < 0) {
        fprintf(stderr, "swrbench: idle: the idle process could not be started\n");
        return 1;
    }
    if (!settings->json)
        printf(
            "idle: a process of %ld threads that has used the cache: woken %ld times in %.0f s, %.2f times "
            "a minute\n\n",
            threads, after - watched.before, minutes * 60, rate.median);
    json_begin(settings, "idle", "woken", "times a minute", &rate);
    json_count("threads", (uint64_t)threads);
    json_number("seconds", minutes * 60);
    json_count("times", (uint64_t)(after - watched.before));
    json_end(settings);
    goal_found(GOAL_IDLE, &rate);
    return 0;
}

int bench_idle(const struct settings *settings)
{
    if (getenv("SWRBENCH_PART"))
        return be_idle();
    if (!settings->runtime) {
        fprintf(stderr, "swrbench: idle needs the runtime: is SWR_ENABLE=0 set?\n");
        return 1;
    }
    if (!settings->all) { /* else it has been watched from the beginning */
        idle_begin();
        sleep_ms(settings->quick ? QUICK_MS : WINDOW_MS);
    }
    return idle_end(settings);
}
