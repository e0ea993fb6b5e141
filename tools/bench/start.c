/*
 * start.c - what the runtime costs a program that never calls a cached function: time to start and end,
 * memory, threads, descriptors. The programs are true(1) and cat(1), plain and with the library preloaded, in
 * turn.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <swrcache/abi.h>

#include "report.h"

enum { STARTS = 60 };

extern char **environ;

/* The library's own file: preloaded from there, too. */
static const char *library_path(void)
{
    Dl_info info;
    void *door = dlsym(RTLD_DEFAULT, "swrcache_attach");

    return door && dladdr(door, &info) ? realpath(info.dli_fname, NULL) : NULL;
}

static pid_t start(const char *program, const char *library, posix_spawn_file_actions_t *actions)
{
    char *argv[] = {(char *)(uintptr_t)program, NULL};
    pid_t pid;
    int error;

    if (library)
        setenv("LD_PRELOAD", library, 1);
    error = posix_spawnp(&pid, program, actions, NULL, argv, environ);
    unsetenv("LD_PRELOAD");
    if (error == 0)
        return pid;
    fprintf(stderr, "swrbench: cannot start %s: %s\n", program, strerror(error));
    return -1;
}

static double time_starts(const char *library)
{
    uint64_t began = now_ns();

    for (int i = 0; i < STARTS; i++) {
        pid_t pid = start("true", library, NULL);

        if (pid < 0 || waitpid(pid, NULL, 0) != pid)
            return -1;
    }
    return (double)(now_ns() - began) / STARTS / 1000;
}

struct weight {
    long own, resident; /* KB: written to; mapped, also what all processes share */
    long threads, descriptors;
};

static long entries_of(pid_t pid, const char *what)
{
    char path[64];
    long n = -2; /* . and .. */

    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, what);
    DIR *d = opendir(path);
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

static bool memory_of(pid_t pid, struct weight *w)
{
    char line[256];

    snprintf(line, sizeof line, "/proc/%ld/smaps_rollup", (long)pid);
    FILE *file = fopen(line, "re");
    while (file && fgets(line, sizeof line, file)) {
        sscanf(line, "Rss: %ld kB", &w->resident);
        sscanf(line, "Private_Dirty: %ld kB", &w->own);
    }
    if (file)
        fclose(file);
    return w->resident > 0 && w->own > 0;
}

/* cat has done all it does at its start when it has given back the first line. */
static bool weigh(const char *library, struct weight *w)
{
    int in[2], out[2];
    char line;
    posix_spawn_file_actions_t actions;

    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    pid_t pid = start("cat", library, &actions);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    bool good = pid > 0 && write(in[1], "x", 1) == 1 && read(out[0], &line, 1) == 1;
    if (good) {
        w->threads = entries_of(pid, "task");
        w->descriptors = entries_of(pid, "fd");
        good = memory_of(pid, w);
    }
    close(in[1]);
    close(out[0]);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    return good;
}

int bench_start(const struct settings *settings)
{
    const char *library = settings->runtime ? library_path() : NULL;
    double *plain = calloc((size_t)settings->rounds, sizeof *plain);
    double *loaded = calloc((size_t)settings->rounds, sizeof *loaded);
    struct weight without = {0}, with = {0};
    bool good = plain && loaded && weigh(NULL, &without) && weigh(library, &with);

    for (int round = 0; good && round < settings->rounds; round++) {
        plain[round] = time_starts(NULL);
        loaded[round] = time_starts(library);
        good = plain[round] > 0 && loaded[round] > 0;
    }
    if (good) {
        struct spread a = spread_of(plain, (size_t)settings->rounds);
        struct spread b = spread_of(loaded, (size_t)settings->rounds);
        if (!settings->json) {
            printf("start: a program that calls no cached function\n\n");
            printf("  %-24s %10.0f us\n  %-24s %10.0f us   %+.1f %%\n", "plain", a.median, "preloaded",
                   b.median, 100 * (b.median / a.median - 1));
            printf("  %-24s %+10ld KB\n  %-24s %+10ld KB\n", "memory of its own", with.own - without.own,
                   "with what is shared", with.resident - without.resident);
            printf("  %-24s %+10ld\n  %-24s %+10ld\n\n", "threads", with.threads - without.threads,
                   "descriptors", with.descriptors - without.descriptors);
        }
        json_begin(settings, "start", "plain", "us", &a);
        json_end(settings);
        json_begin(settings, "start", "preloaded", "us", &b);
        json_number("own_kb", (double)(with.own - without.own));
        json_number("resident_kb", (double)(with.resident - without.resident));
        json_number("threads", (double)(with.threads - without.threads));
        json_number("descriptors", (double)(with.descriptors - without.descriptors));
        json_end(settings);
    }
    free(plain);
    free(loaded);
    free((char *)(uintptr_t)library);
    return good ? 0 : 1;
}
