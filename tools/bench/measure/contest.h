/*
 * contest.h - several ways to do the same work, measured so that a slow moment of the machine meets all of
 * them: each round is cut into short slices, the ways take turns in each slice, and a way's figure for the
 * round is the lower quartile of its slices. Threads are pinned, and warm up before each slice's clock
 * starts.
 */
#ifndef SWRBENCH_CONTEST_H
#define SWRBENCH_CONTEST_H

#include "bench.h"
#include "report.h"

enum {
    CONTEST_WAYS = 16,
    CONTEST_TEAMS = 7, /* of 1, 2, 4, ... 64 threads */
};

/* Makes `calls` calls by the keys from `from` on, which wraps; gives a sum that must be the same in all ways.
 */
typedef uint64_t contest_fn(const void *state, const struct keys *keys, size_t from, size_t calls);

struct way {
    const char *name;
    contest_fn *run;
    const void *state;
    unsigned slower; /* makes so many times fewer calls; 0: as many as the others */
    bool absent;     /* takes no part */
};

struct contest {
    const struct way *ways;
    size_t count;
    unsigned teams;                           /* 2: one thread, and two */
    const struct keys *keys[2];               /* of threads with even and odd numbers */
    size_t calls, warm;                       /* of each thread in a slice, and before its clock starts */
    bool long_slices;                         /* half as many of them */
    double (*ns)[CONTEST_TEAMS][MOST_ROUNDS]; /* wall time a call over a whole team, [way][team][round] */
};

/* How many teams this machine has cores for, two at least. */
unsigned contest_teams(void);

/* False: told on stderr. The caller frees contest->ns in either case. */
bool contest_run(struct contest *contest, const struct settings *settings, const char *bench);

struct spread contest_ns(const struct contest *contest, size_t way, unsigned team, size_t rounds);
/* One way by another, round by round. */
struct spread contest_ratio(const struct contest *contest, size_t way, size_t by, unsigned team,
                            size_t rounds);
/* How many times the calls of one thread a team makes in the same time. */
struct spread contest_scaling(const struct contest *contest, size_t way, unsigned team, size_t rounds);

/* A core of its own for the calling thread, where there are enough. */
void pin_thread(unsigned number);

#endif
