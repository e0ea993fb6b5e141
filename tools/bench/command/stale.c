/*
 * stale.c - hot entries grow stale under load: how long do their callers wait? A time holds one call and
 * the reading of the clock around it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include <swrcache.h>

#include "command.h"
#include "measure/contest.h"
#include "measure/goal.h"
#include "stale.h"

enum {
    KEYS = 16,
    TEAMS = 2,
    ROUND_MS = 1000, /* for each number of threads */
};

enum kind {
    KIND_HIT,
    KIND_STALE,       /* any call that got a stale value */
    KIND_STALE_FIRST, /* of those, the first since the entry was fresh: it starts the refresh */
    KIND_OTHER,       /* computed or waited */
    KINDS,
};

static const char *const kind_names[KINDS] = {"hit", "stale_hit", "stale_first", "computed"};

static atomic_bool seen_stale[KEYS];

struct caller {
    pthread_t thread;
    uint64_t until;
    unsigned number;
    struct histogram kinds[KINDS];
};

static enum kind kind_of(bool runtime, unsigned key)
{
    struct swrcache_info info = {.outcome = SWR_BYPASS};

    if (!runtime)
        return KIND_OTHER;
    swrcache_last(&info);
    switch (info.outcome) {
    case SWR_HIT:
        if (atomic_load_explicit(&seen_stale[key], memory_order_relaxed))
            atomic_store_explicit(&seen_stale[key], false, memory_order_relaxed);
        return KIND_HIT;
    case SWR_STALE_HIT:
        if (!atomic_load_explicit(&seen_stale[key], memory_order_relaxed) &&
            !atomic_exchange_explicit(&seen_stale[key], true, memory_order_relaxed))
            return KIND_STALE_FIRST;
        return KIND_STALE;
    case SWR_FALLBACK_HIT:
    case SWR_MISS:
    case SWR_COALESCED:
    case SWR_BYPASS:
        break;
    }
    return KIND_OTHER;
}

static bool with_runtime;

static void *load(void *argument)
{
    struct caller *caller = argument;
    unsigned key = caller->number * 7;

    pin_thread(caller->number);
    for (;;) {
        uint64_t start, end;
        enum kind kind;

        key = (key + 1) % KEYS;
        start = now_ns();
        if (start >= caller->until)
            return NULL;
        cached_stale((int64_t)key);
        end = now_ns();
        kind = kind_of(with_runtime, key);
        histogram_add(&caller->kinds[kind], end - start);
        if (kind == KIND_STALE_FIRST)
            histogram_add(&caller->kinds[KIND_STALE], end - start);
    }
}

struct kind_times {
    struct histogram times; /* of all rounds */
    double p50[MOST_ROUNDS], p99[MOST_ROUNDS];
    size_t rounds;
};

static void end_round(struct kind_times *kind, const struct histogram *round)
{
    if (round->count == 0)
        return;
    histogram_merge(&kind->times, round);
    kind->p50[kind->rounds] = (double)histogram_at(round, 0.5);
    kind->p99[kind->rounds++] = (double)histogram_at(round, 0.99);
}

static struct spread us_of(const struct spread *ns)
{
    return (struct spread){ns->median / 1e3, ns->min / 1e3, ns->max / 1e3, ns->rounds};
}

static void show(const struct settings *settings, unsigned threads, const char *name, struct kind_times *kind)
{
    struct spread p50 = spread_of(kind->p50, kind->rounds), p99 = spread_of(kind->p99, kind->rounds);
    unsigned long long p999 = histogram_at(&kind->times, 0.999);

    if (kind->times.count == 0)
        return;
    spread_warn(&p50, "stale", name);
    if (!settings->json)
        printf("  %-12s %7u %10llu %11.2f %11.2f %11.2f %11.2f\n", name, threads,
               (unsigned long long)kind->times.count, p50.median / 1e3, p99.median / 1e3, (double)p999 / 1e3,
               (double)kind->times.max / 1e3);
    json_begin(settings, "stale", name, "ns", &p50);
    json_count("threads", threads);
    json_count("calls", kind->times.count);
    json_spread("p99_ns", &p99);
    json_count("p999_ns", p999);
    json_count("max_ns", kind->times.max);
    json_end(settings);
    if (name == kind_names[KIND_STALE_FIRST] && threads == 1) {
        p50 = us_of(&p50);
        p99 = us_of(&p99);
        goal_found(GOAL_HAND_OVER_P50, &p50);
        goal_found(GOAL_HAND_OVER_P99, &p99);
    }
}

/* One round of the load by `threads` callers; false: no thread. */
static bool load_round(unsigned threads, struct kind_times kinds[KINDS])
{
    static struct caller callers[TEAMS];
    uint64_t until = now_ns() + (uint64_t)ROUND_MS * 1000000u;
    unsigned started = 0;

    for (; started < threads; started++) {
        callers[started] = (struct caller){.until = until, .number = started};
        if (pthread_create(&callers[started].thread, NULL, load, &callers[started]) != 0)
            break;
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(callers[i].thread, NULL);
        for (unsigned kind = 0; i > 0 && kind < KINDS; kind++)
            histogram_merge(&callers[0].kinds[kind], &callers[i].kinds[kind]);
    }
    for (unsigned kind = 0; started == threads && kind < KINDS; kind++)
        end_round(&kinds[kind], &callers[0].kinds[kind]);
    return started == threads;
}

static bool measure(const struct settings *settings, unsigned threads)
{
    static struct kind_times kinds[KINDS];
    bool done = true;

    for (unsigned kind = 0; kind < KINDS; kind++)
        kinds[kind] = (struct kind_times){.rounds = 0};
    for (int64_t key = 0; key < KEYS; key++)
        cached_stale(key); /* what is measured is aging, not the first call */
    for (int round = 0; done && round < settings->rounds; round++)
        done = load_round(threads, kinds);
    for (unsigned kind = 0; done && kind < KINDS; kind++)
        show(settings, threads, kind_names[kind], &kinds[kind]);
    return done;
}

static void *watch(void *argument)
{
    struct caller *caller = argument;
    uint64_t start, end, seen = coarse_ns();

    pin_thread(caller->number);
    while ((start = now_ns()) < caller->until) {
        uint64_t now = coarse_ns();

        end = now_ns();
        if (now != seen)
            histogram_add(&caller->kinds[KIND_OTHER], end - start);
        seen = now;
    }
    return NULL;
}

/*
 * The steps of a loop that calls nothing, in which the clock moved that ages are read from. That is when an
 * entry is seen to be stale, and the kernel does what it does at such a tick: a stale_first takes as long in
 * any case.
 */
static bool clock_moves(const struct settings *settings)
{
    static struct kind_times moving;
    static struct caller watcher;

    moving = (struct kind_times){.rounds = 0};
    for (int round = 0; round < settings->rounds; round++) {
        watcher = (struct caller){.until = now_ns() + (uint64_t)ROUND_MS * 1000000u};
        if (pthread_create(&watcher.thread, NULL, watch, &watcher) != 0)
            return false;
        pthread_join(watcher.thread, NULL);
        end_round(&moving, &watcher.kinds[KIND_OTHER]);
    }
    show(settings, 1, "clock_moves", &moving);
    return true;
}

static void uncached(const struct settings *settings)
{
    static struct kind_times waiting;

    waiting = (struct kind_times){.rounds = 0};
    for (int round = 0; round < settings->rounds; round++) {
        static struct histogram times;

        times = (struct histogram){0};
        for (int call = 0; call < 5; call++) {
            uint64_t start = now_ns();

            slow_uncached(call);
            histogram_add(&times, now_ns() - start);
        }
        end_round(&waiting, &times);
    }
    show(settings, 1, "uncached", &waiting);
}

int bench_stale(const struct settings *settings)
{
    bool done;

    with_runtime = settings->runtime;
    if (!settings->json)
        printf(
            "stale: %d hot keys, a body of %d ms, stale every 100 ms; microseconds a caller waits, the "
            "clock's\n"
            "reading with it; stale_first: the call that queues the refresh; clock_moves: a step of a loop\n"
            "without a call in which the clock moves, which is when a stale_first comes\n"
            "  %-12s %7s %10s %11s %11s %11s %11s\n",
            KEYS, BODY_MS, "case", "threads", "calls", "p50", "p99", "p99.9", "max");
    uncached(settings);
    done = clock_moves(settings);
    for (unsigned threads = 1; done && threads <= TEAMS; threads++)
        done = measure(settings, threads);
    if (!done)
        fprintf(stderr, "swrbench: stale: cannot start a thread\n");
    done = done && (!settings->runtime || stale_held(settings));
    if (done && !settings->json)
        printf("\n");
    return done ? 0 : 1;
}
