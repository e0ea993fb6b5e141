#define _GNU_SOURCE
#include "contest.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SLICES = 12,
    QUICK_SLICES = 2,
    PATIENCE = 4096, /* looks at the gate before the core is offered to others */
    STRIDE = 7919,   /* between the places where two threads begin */
};

struct lap {
    uint64_t took, sum;
};

/* Opens when all have come. Spins: what waits in the kernel wakes tens of microseconds late. */
struct gate {
    atomic_uint arrived, opened;
    unsigned count;
};

struct crew {
    const struct contest *contest;
    struct gate gate;
    size_t slices, first; /* the first: of this round among those of all rounds */
    struct lap *laps;
};

struct runner {
    pthread_t thread;
    unsigned number;
    int waits; /* this thread's /proc/thread-self/schedstat, or -1 */
    struct crew *crew;
};

void pin_thread(unsigned number)
{
    cpu_set_t allowed, one;

    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &allowed) || number-- > 0)
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        sched_setaffinity(0, sizeof one, &one);
        return;
    }
}

unsigned contest_teams(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned teams = 2;

    while (teams < CONTEST_TEAMS && 1L << teams <= cores)
        teams++;
    return teams;
}

static void pass(struct gate *gate)
{
    unsigned opened = atomic_load(&gate->opened);

    if (atomic_fetch_add(&gate->arrived, 1) + 1 == gate->count) {
        atomic_store(&gate->arrived, 0);
        atomic_fetch_add(&gate->opened, 1);
        return;
    }
    for (unsigned looks = 1; atomic_load_explicit(&gate->opened, memory_order_acquire) == opened; looks++)
        if (looks % PATIENCE == 0)
            sched_yield();
}

static struct lap *lap_of(const struct crew *crew, size_t way, unsigned team, size_t slice, unsigned thread)
{
    size_t at = (way * crew->contest->teams + team) * crew->slices + slice;

    return &crew->laps[at * crew->gate.count + thread];
}

static size_t calls_of(const struct way *way, size_t calls)
{
    return calls / (way->slower ? way->slower : 1);
}

/* Nanoseconds for which the kernel has had others on this thread's core while it could have run. */
static uint64_t waited(int fd)
{
    char line[96];
    ssize_t got = fd >= 0 ? pread(fd, line, sizeof line - 1, 0) : 0;
    unsigned long long ran, waits = 0;

    line[got > 0 ? got : 0] = '\0';
    return sscanf(line, "%llu %llu", &ran, &waits) == 2 ? waits : 0;
}

static void run_slice(const struct runner *runner, size_t number, unsigned team, size_t slice)
{
    struct crew *crew = runner->crew;
    unsigned thread = runner->number;
    const struct way *way = &crew->contest->ways[number];
    const struct keys *keys = crew->contest->keys[thread % 2];
    size_t calls = calls_of(way, crew->contest->calls), warm = calls_of(way, crew->contest->warm);
    size_t from = (crew->first + slice + 1) * calls + (size_t)thread * STRIDE;
    struct lap *lap = lap_of(crew, number, team, slice, thread);
    bool runs = thread < 1u << team;
    uint64_t start, waits;

    pass(&crew->gate);
    if (runs)
        way->run(way->state, keys, from - warm, warm);
    waits = waited(runner->waits);
    pass(&crew->gate);
    start = now_ns();
    if (runs)
        lap->sum = way->run(way->state, keys, from, calls);
    lap->took = now_ns() - start;
    waits = waited(runner->waits) - waits;
    lap->took -= waits < lap->took ? waits : 0;
}

static void *run(void *argument)
{
    struct runner *runner = argument;
    struct crew *crew = runner->crew;
    size_t ways = crew->contest->count;

    pin_thread(runner->number);
    runner->waits = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    for (size_t slice = 0; slice < crew->slices; slice++)
        for (size_t turn = 0; turn < ways; turn++) {
            size_t way = (turn + slice) % ways;

            for (unsigned team = 0; !crew->contest->ways[way].absent && team < crew->contest->teams; team++)
                run_slice(runner, way, team, slice);
        }
    if (runner->waits >= 0)
        close(runner->waits);
    return NULL;
}

/* The lower quartile of the slices, in nanoseconds a call. */
static double quartile(const struct crew *crew, size_t way, unsigned team)
{
    double times[SLICES];
    unsigned threads = 1u << team;

    for (size_t slice = 0; slice < crew->slices; slice++) {
        uint64_t took = 0;

        for (unsigned thread = 0; thread < threads; thread++) {
            const struct lap *lap = lap_of(crew, way, team, slice, thread);

            took = lap->took > took ? lap->took : took;
        }
        times[slice] =
            (double)took / (double)(calls_of(&crew->contest->ways[way], crew->contest->calls) * threads);
    }
    median(times, crew->slices); /* sorts them */
    return times[crew->slices / 4];
}

/* The name of the first way whose answers are not the first one's, or NULL. */
static const char *differing(const struct crew *crew)
{
    const struct contest *contest = crew->contest;

    for (size_t way = 1; way < contest->count; way++) {
        if (contest->ways[way].absent || contest->ways[way].slower != contest->ways[0].slower)
            continue;
        for (unsigned team = 0; team < contest->teams; team++)
            for (size_t slice = 0; slice < crew->slices; slice++)
                for (unsigned thread = 0; thread < 1u << team; thread++)
                    if (lap_of(crew, way, team, slice, thread)->sum !=
                        lap_of(crew, 0, team, slice, thread)->sum)
                        return contest->ways[way].name;
    }
    return NULL;
}

static void run_round(struct crew *crew, size_t round)
{
    struct runner runners[1 << (CONTEST_TEAMS - 1)];

    for (unsigned i = 0; i < crew->gate.count; i++) {
        runners[i] = (struct runner){.number = i, .crew = crew};
        if (pthread_create(&runners[i].thread, NULL, run, &runners[i]) != 0) {
            fprintf(stderr, "swrbench: cannot start a thread\n");
            exit(1); /* one that waits at the gate cannot be called back */
        }
    }
    for (unsigned i = 0; i < crew->gate.count; i++)
        pthread_join(runners[i].thread, NULL);
    for (size_t way = 0; way < crew->contest->count; way++)
        for (unsigned team = 0; !crew->contest->ways[way].absent && team < crew->contest->teams; team++)
            crew->contest->ns[way][team][round] = quartile(crew, way, team);
}

bool contest_run(struct contest *contest, const struct settings *settings, const char *bench)
{
    struct crew crew = {.contest = contest, .slices = settings->quick ? QUICK_SLICES : SLICES};
    const char *wrong = NULL;

    if (settings->quick) {
        contest->calls /= 16;
        contest->warm /= 16;
    }
    if (contest->long_slices)
        crew.slices /= 2;
    crew.gate.count = 1u << (contest->teams - 1);
    contest->ns = calloc(contest->count, sizeof *contest->ns);
    crew.laps = calloc(contest->count * contest->teams * crew.slices * crew.gate.count, sizeof *crew.laps);
    if (!contest->ns || !crew.laps) {
        fprintf(stderr, "swrbench: out of memory\n");
        free(crew.laps);
        return false;
    }
    for (size_t round = 0; !wrong && round < (size_t)settings->rounds; round++) {
        crew.first = round * crew.slices;
        run_round(&crew, round);
        wrong = differing(&crew);
    }
    free(crew.laps);
    if (wrong)
        fprintf(stderr, "swrbench: %s: %s gives wrong answers\n", bench, wrong);
    return !wrong;
}

struct spread contest_ns(const struct contest *contest, size_t way, unsigned team, size_t rounds)
{
    double values[MOST_ROUNDS];

    for (size_t round = 0; round < rounds; round++)
        values[round] = contest->ns[way][team][round];
    return spread_of(values, rounds);
}

struct spread contest_ratio(const struct contest *contest, size_t way, size_t by, unsigned team,
                            size_t rounds)
{
    double values[MOST_ROUNDS];

    for (size_t round = 0; round < rounds; round++)
        values[round] = contest->ns[way][team][round] / contest->ns[by][team][round];
    return spread_of(values, rounds);
}

struct spread contest_scaling(const struct contest *contest, size_t way, unsigned team, size_t rounds)
{
    double values[MOST_ROUNDS];

    for (size_t round = 0; round < rounds; round++)
        values[round] = contest->ns[way][0][round] / contest->ns[way][team][round];
    return spread_of(values, rounds);
}
