/*
 * start.c - what the runtime costs a program that never calls a cached function: time to start and end,
 * system calls, memory, threads, descriptors. The programs are true(1) and cat(1), plain and with the library
 * preloaded, in turn. And what an annotated function costs where the runtime is absent or switched off.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "measure/calling.h"
#include "measure/count.h"
#include "measure/goal.h"
#include "measure/place.h"

enum { STARTS = 40 };

extern char **environ;

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

static bool time_start(const char *library, double *us)
{
    uint64_t began = now_ns();
    pid_t pid = start("true", library, NULL);
    bool done = pid > 0 && waitpid(pid, NULL, 0) == pid;

    *us = (double)(now_ns() - began) / 1000;
    return done;
}

/* Plain and preloaded in turn; of each the lower quartile. */
static bool time_starts(const struct settings *settings, const char *library, double *plain, double *loaded)
{
    double times[2][STARTS];
    size_t count = settings->quick ? STARTS / 4 : STARTS;

    for (size_t i = 0; i < count; i++)
        if (!time_start(NULL, &times[0][i]) || !time_start(library, &times[1][i]))
            return false;
    median(times[0], count); /* sorts them */
    median(times[1], count);
    *plain = times[0][count / 4];
    *loaded = times[1][count / 4];
    return true;
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

/* More of the second than of the first, round by round. */
static struct spread more_of(const double *first, const double *second, size_t count)
{
    double values[MOST_ROUNDS];

    for (size_t i = 0; i < count; i++)
        values[i] = second[i] - first[i];
    return spread_of(values, count);
}

static bool show_starts(const struct settings *settings, const char *library)
{
    double plain[MOST_ROUNDS], loaded[MOST_ROUNDS];
    struct weight without = {0}, with = {0};
    size_t rounds = (size_t)settings->rounds;
    struct spread a, b, more, kb, threads;

    if (!weigh(NULL, &without) || !weigh(library, &with))
        return false;
    for (size_t round = 0; round < rounds; round++)
        if (!time_starts(settings, library, &plain[round], &loaded[round]))
            return false;
    more = more_of(plain, loaded, rounds);
    a = spread_of(plain, rounds);
    b = spread_of(loaded, rounds);
    spread_warn(&a, "start", "plain");
    spread_warn(&b, "start", "preloaded");
    if (!settings->json)
        printf("  %-24s %10.0f us\n  %-24s %10.0f us   %+.0f us\n"
               "  %-24s %+10ld KB\n  %-24s %+10ld KB\n"
               "  %-24s %+10ld\n  %-24s %+10ld\n",
               "plain", a.median, "preloaded", b.median, more.median, "memory of its own",
               with.own - without.own, "with what is shared", with.resident - without.resident, "threads",
               with.threads - without.threads, "descriptors", with.descriptors - without.descriptors);
    json_begin(settings, "start", "plain", "us", &a);
    json_end(settings);
    json_begin(settings, "start", "preloaded", "us", &b);
    json_spread("more_us", &more);
    json_number("own_kb", (double)(with.own - without.own));
    json_number("resident_kb", (double)(with.resident - without.resident));
    json_number("threads", (double)(with.threads - without.threads));
    json_number("descriptors", (double)(with.descriptors - without.descriptors));
    json_end(settings);
    more = (struct spread){more.median / 1e3, more.min / 1e3, more.max / 1e3, more.rounds};
    kb = spread_one((double)(with.own - without.own));
    threads = spread_one((double)(with.threads - without.threads));
    goal_found(GOAL_START, &more);
    goal_found(GOAL_IDLE_MEMORY, &kb);
    goal_found(GOAL_IDLE_THREADS, &threads);
    return true;
}

static void show_count(const struct settings *settings, const char *name, const char *what, double value)
{
    struct spread spread = spread_one(value);

    if (!settings->json)
        printf("  %-24s %+10.0f\n", what, value);
    json_begin(settings, "start", name, "system calls", &spread);
    json_end(settings);
}

/* System calls of a start, and of fresh hits. */
static void show_calls(const struct settings *settings, const char *preload)
{
    char program[PATH_MAX];
    const char *const truth[] = {"true", NULL}, *const hits[] = {program, "hits", NULL};
    const char *const environment[] = {preload, "SWR_CONTROL=0", NULL};
    struct counted plain, loaded, fresh;
    struct spread million;

    if (!place_own("swrbench-calls", program) || !count_calls(truth, NULL, &plain) ||
        !count_calls(truth, environment, &loaded) || !count_calls(hits, environment, &fresh) ||
        fresh.marks != 2) {
        goal_note(GOAL_HIT_CALLS, "ptrace() is not permitted here, or swrbench-calls is missing");
        fprintf(stderr, "swrbench: start: system calls could not be counted\n");
        return;
    }
    show_count(settings, "start_calls", "system calls to start", (double)loaded.all - (double)plain.all);
    show_count(settings, "hit_calls", "of 1,000 fresh hits", (double)fresh.between);
    million = spread_one((double)fresh.between * 1000);
    goal_found(GOAL_HIT_CALLS, &million);
}

static void show_above(const struct settings *settings, const char *name, const char *what,
                       const struct calling *calling, enum calling_kind kind, int goal)
{
    struct spread above = calling_above(calling, kind, CALLING_ANNOTATED, CALLING_PLAIN);
    struct spread plain = calling_ns(calling, kind, CALLING_PLAIN);

    if (!settings->json)
        printf("  %-36s %+10.2f ns (%.2f to %.2f), a plain call is %.2f\n", what, above.median, above.min,
               above.max, plain.median);
    json_begin(settings, "start", name, "ns above a plain call", &above);
    json_number("plain_ns", plain.median);
    json_end(settings);
    if (goal >= 0)
        goal_found((enum goal)goal, &above);
}

/* A call without the runtime, or with one that is switched off. */
static void show_plain(const struct settings *settings, const char *preload)
{
    static struct calling absent, disabled;
    const char *const nothing[] = {NULL}, *const off[] = {preload, "SWR_ENABLE=0", NULL};

    if (!calling_measure(settings, nothing, &absent) || !calling_measure(settings, off, &disabled)) {
        goal_note(GOAL_ABSENT, "swrbench-calls is missing or failed");
        goal_note(GOAL_DISABLED, "swrbench-calls is missing or failed");
        fprintf(stderr, "swrbench: start: swrbench-calls is missing or failed\n");
        return;
    }
    show_above(settings, "absent", "a call, runtime absent", &absent, CALLING_OWN, GOAL_ABSENT);
    show_above(settings, "absent_library", "the same in a shared library", &absent, CALLING_NUMBERS, -1);
    show_above(settings, "disabled", "a call, runtime disabled", &disabled, CALLING_OWN, GOAL_DISABLED);
    show_above(settings, "disabled_library", "the same in a shared library", &disabled, CALLING_NUMBERS, -1);
}

int bench_start(const struct settings *settings)
{
    char library[PATH_MAX], preload[PATH_MAX + 16];

    if (!settings->runtime || !place_runtime(library)) {
        fprintf(stderr, "swrbench: start needs the runtime: is SWR_ENABLE=0 set?\n");
        return 1;
    }
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", library);
    if (!settings->json)
        printf("start: a program that calls no cached function, plain and with the library preloaded\n");
    if (!show_starts(settings, library)) {
        fprintf(stderr, "swrbench: start: true or cat could not be measured\n");
        return 1;
    }
    show_calls(settings, preload);
    show_plain(settings, preload);
    if (!settings->json)
        printf("\n");
    return 0;
}
