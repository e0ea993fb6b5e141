/*
 * rdepends.c - which installed packages depend on a given one?
 *
 * The answer stands in dpkg's status file, and finding it means reading that file from end to end:
 * milliseconds a call. Cached, the same function answers in nanoseconds, and while somebody installs or
 * removes packages no caller waits: the old answer is handed out until a new one has been found.
 *
 *   rdepends libc6 perl-base       prints the answers
 *   rdepends --seconds 5           calls it from several threads and says what the calls cost
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <swrcache.h>

#include "packages.h"

SWR_CACHED_STRING(reverse_depends, (SWR_STR(package)), .ttl_ms = SWR_SECONDS(2), .stale_ms = SWR_MINUTES(5),
                  .fails = SWR_FAILS_NULL, .region = "packages")
{
    return packages_that(depends_on, package);
}

enum kind {
    KIND_UNCACHED,
    KIND_COMPUTED, /* a miss, or the wait for another caller's */
    KIND_HIT,
    KIND_STALE,
    KINDS,
};

static const char *const kind_names[KINDS] = {"uncached call", "first call", "hit", "stale hit"};

enum {
    SAMPLES = 8192, /* the latest of each kind, in each thread */
};

struct times {
    uint64_t calls;
    uint64_t ns[SAMPLES];
};

struct caller {
    pthread_t thread;
    char **packages;
    size_t count;
    uint64_t until;
    uint64_t draws;
    uint64_t failures;
    struct times kinds[KINDS];
};

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void note(struct times *times, uint64_t ns)
{
    times->ns[times->calls++ % SAMPLES] = ns;
}

static enum kind kind_of_last(void)
{
    struct swrcache_info info = {.outcome = SWR_BYPASS};

    swrcache_last(&info);
    switch (info.outcome) {
    case SWR_HIT:
        return KIND_HIT;
    case SWR_STALE_HIT:
    case SWR_FALLBACK_HIT:
        return KIND_STALE;
    case SWR_MISS:
    case SWR_COALESCED:
        return KIND_COMPUTED;
    case SWR_BYPASS:
        break;
    }
    return KIND_UNCACHED;
}

static void *call_until(void *argument)
{
    struct caller *caller = argument;

    for (;;) {
        const char *package;
        char *answer;
        uint64_t start, end;

        caller->draws = caller->draws * 6364136223846793005u + 1442695040888963407u;
        package = caller->packages[(caller->draws >> 33) % caller->count];
        start = now_ns();
        if (start >= caller->until)
            return NULL;
        answer = reverse_depends(package);
        end = now_ns();
        note(&caller->kinds[kind_of_last()], end - start);
        caller->failures += answer == NULL;
        free(answer);
    }
}

static int ascending(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

static void print_time(uint64_t ns)
{
    if (ns < 10000)
        printf(" %8llu ns", (unsigned long long)ns);
    else if (ns < 10000000)
        printf(" %8.1f us", (double)ns / 1e3);
    else
        printf(" %8.1f ms", (double)ns / 1e6);
}

/* One line; gives the median, 0 if there is none. */
static uint64_t print_kind(enum kind kind, const struct caller *callers, size_t threads, uint64_t uncached)
{
    uint64_t *all = malloc(threads * SAMPLES * sizeof *all);
    uint64_t calls = 0;
    uint64_t middle = 0;
    size_t count = 0;

    for (size_t i = 0; all && i < threads; i++) {
        const struct times *times = &callers[i].kinds[kind];
        size_t kept = times->calls < SAMPLES ? (size_t)times->calls : SAMPLES;

        memcpy(all + count, times->ns, kept * sizeof *all);
        count += kept;
        calls += times->calls;
    }
    if (count) {
        qsort(all, count, sizeof *all, ascending);
        middle = all[count / 2];
        printf("  %-14s %12llu", kind_names[kind], (unsigned long long)calls);
        print_time(middle);
        print_time(all[count * 99 / 100]);
        if (uncached && middle)
            printf(" %12.1f", (double)uncached / (double)middle);
        printf("\n");
    }
    free(all);
    return middle;
}

static void print_table(const struct caller *callers, size_t threads)
{
    uint64_t uncached;

    printf("\n  %-14s %12s %11s %11s %12s\n", "", "calls", "median", "p99", "times faster");
    uncached = print_kind(KIND_UNCACHED, callers, threads, 0);
    for (enum kind kind = KIND_COMPUTED; kind < KINDS; kind++)
        print_kind(kind, callers, threads, uncached);
    printf("  (each time holds one reading of the clock, and a hit its caller's own copy of the answer)\n");
}

static size_t words(const char *text)
{
    size_t count = 0;

    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        count++;
        text += strcspn(text, " ");
    }
    return count;
}

/* Asks once more for each package, cached and not: the answers ought to be the same. */
static void compare(char **packages, size_t count)
{
    const char *most = "";
    size_t most_count = 0;
    size_t same = 0;

    for (size_t i = 0; i < count; i++) {
        char *cached = reverse_depends(packages[i]);
        char *computed = SWR_UNCACHED(reverse_depends)(packages[i]);

        same += cached && computed && strcmp(cached, computed) == 0;
        if (computed && words(computed) > most_count) {
            most = packages[i];
            most_count = words(computed);
        }
        free(cached);
        free(computed);
    }
    printf("  %zu of %zu cached answers are what an uncached call finds; most needed: %s, by %zu packages\n",
           same, count, most, most_count);
}

static const char help[] =
    "usage: rdepends [--file FILE] PACKAGE...\n"
    "       rdepends [--file FILE] [--seconds S] [--threads N] [--packages P]\n"
    "\n"
    "Says which installed packages depend on each PACKAGE. Without one, asks that about\n"
    "P packages (300) from N threads (2) for S seconds (5) and says what the calls cost.\n"
    "\n"
    "  --file FILE   read this instead of /var/lib/dpkg/status\n"
    "  --help        this text\n";

static int wrong_usage(const char *what, const char *which)
{
    fprintf(stderr, "rdepends: %s%s\nTry 'rdepends --help'.\n", what, which);
    return 2;
}

static bool parse(const char *text, long most, long *number)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < 1 || value > most)
        return false;
    *number = value;
    return true;
}

static int print_answers(char **packages, int count)
{
    for (int i = 0; i < count; i++) {
        char *answer = reverse_depends(packages[i]);

        if (!answer) {
            fprintf(stderr, "rdepends: %s: %s\n", status_file, strerror(errno));
            return 1;
        }
        printf("%s:%s%s\n", packages[i], *answer ? " " : "", answer);
        free(answer);
    }
    return 0;
}

/* Up to `wanted` of the installed packages, taken evenly from the whole list; cuts `list` up. */
static size_t choose(char *list, char **packages, size_t wanted)
{
    size_t there = words(list);
    size_t taken = 0;
    size_t at = 0;
    char *rest = NULL;

    if (wanted > there)
        wanted = there;
    for (char *name = strtok_r(list, " ", &rest); name; name = strtok_r(NULL, " ", &rest), at++)
        if (taken < wanted && at >= taken * there / wanted)
            packages[taken++] = name;
    return taken;
}

static int run_threads(char **packages, size_t count, long threads, long seconds)
{
    struct caller *callers = calloc((size_t)threads, sizeof *callers);
    uint64_t failures = 0;
    uint64_t until;
    long started = 0;

    if (!callers) {
        fprintf(stderr, "rdepends: %s\n", strerror(errno));
        return 1;
    }
    printf("rdepends: pid %ld, %zu packages, %ld threads, %ld s; an answer is fresh for 2 s\n",
           (long)getpid(), count, threads, seconds);
    fflush(stdout);
    for (size_t i = 0; i < 50; i++) {
        uint64_t start = now_ns();

        free(SWR_UNCACHED(reverse_depends)(packages[i % count]));
        note(&callers[0].kinds[KIND_UNCACHED], now_ns() - start);
    }
    until = now_ns() + (uint64_t)seconds * 1000000000u;
    for (; started < threads; started++) {
        struct caller *caller = &callers[started];

        caller->packages = packages;
        caller->count = count;
        caller->until = until;
        caller->draws = (uint64_t)started + 1;
        if (pthread_create(&caller->thread, NULL, call_until, caller) != 0)
            break;
    }
    if (started < threads)
        fprintf(stderr, "rdepends: only %ld threads could be started\n", started);
    for (long i = 0; i < started; i++) {
        pthread_join(callers[i].thread, NULL);
        failures += callers[i].failures;
    }
    print_table(callers, (size_t)threads);
    compare(packages, count);
    free(callers);
    if (failures)
        fprintf(stderr, "rdepends: %llu calls failed\n", (unsigned long long)failures);
    return failures || started == 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"file", required_argument, NULL, 'f'},    {"seconds", required_argument, NULL, 's'},
        {"threads", required_argument, NULL, 't'}, {"packages", required_argument, NULL, 'p'},
        {"help", no_argument, NULL, 'h'},          {0},
    };
    long seconds = 5;
    long threads = 2;
    long wanted = 300;
    char **packages;
    size_t count;
    char *list;
    int option;
    int result;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        switch (option) {
        case 'f':
            status_file = optarg;
            break;
        case 's':
            if (!parse(optarg, 86400, &seconds))
                return wrong_usage("--seconds takes a number from 1 to 86400, not ", optarg);
            break;
        case 't':
            if (!parse(optarg, 1024, &threads))
                return wrong_usage("--threads takes a number from 1 to 1024, not ", optarg);
            break;
        case 'p':
            if (!parse(optarg, 1000000, &wanted))
                return wrong_usage("--packages takes a number from 1 to 1000000, not ", optarg);
            break;
        case 'h':
            fputs(help, stdout);
            return 0;
        case ':':
            return wrong_usage("a value is missing after ", argv[optind - 1]);
        default:
            return wrong_usage("unknown option: ", argv[optind - 1]);
        }
    }
    if (optind < argc)
        return print_answers(argv + optind, argc - optind);

    list = packages_that(any_package, NULL);
    packages = calloc((size_t)wanted, sizeof *packages);
    if (!list || !packages) {
        fprintf(stderr, "rdepends: %s: %s\n", status_file, strerror(errno));
        free(list);
        free(packages);
        return 1;
    }
    count = choose(list, packages, (size_t)wanted);
    if (count) {
        result = run_threads(packages, count, threads, seconds);
    } else {
        fprintf(stderr, "rdepends: %s: no installed package\n", status_file);
        result = 1;
    }
    free(packages);
    free(list);
    return result;
}
