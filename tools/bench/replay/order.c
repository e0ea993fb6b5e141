/*
 * order.c - which of many stale keys are refreshed first: the runtime's own queue beside first come, first
 * served, on traces and in virtual time. Nothing depends on the machine.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/os.h"
#include "made.h"
#include "replay.h"
#include "measure/report.h"
#include "runtime/pool/queue.h"

/* Workers and room in the queue are the runtime's by default. */
enum { WORKERS = 2, ROOM = 1024, EVERY_US = 100 };

enum bodies { ALIKE, TENTH, BODIES };

static const char *const body_names[BODIES] = {"alike", "1 in 10 dear"};

/* The same on average: 0.1 ms and 100 ms. */
static uint32_t body_us(uint64_t key, enum bodies bodies)
{
    return bodies == ALIKE ? BODY_MS * 1000 : replay_cost(key, LAW_TENTH) * 100;
}

enum state { UNKNOWN, STALE, QUEUED, TAKEN }; /* taken by a worker: fresh from `fresh_at` on */

struct key {
    uint64_t fresh_at;
    uint32_t hits, cost_us;
    enum state state;
};

/* A trace at one edge: all keys that were asked for before `from` grow stale with that request. */
struct scene {
    const struct trace *trace;
    uint32_t *numbers;
    struct key *keys;
    size_t from, stale;
};

static void set_scene(struct scene *scene, enum bodies bodies, size_t from)
{
    const struct trace *trace = scene->trace;

    scene->from = from;
    scene->stale = 0;
    for (size_t at = 0; at < trace->length; at++)
        scene->keys[scene->numbers[at]] = (struct key){.cost_us = body_us(trace->keys[at], bodies)};
    for (size_t at = 0; at < from; at++) {
        struct key *key = &scene->keys[scene->numbers[at]];

        scene->stale += key->state == UNKNOWN;
        key->hits += key->state != UNKNOWN;
        key->state = STALE;
    }
}

/* What was answered until all keys were fresh. */
struct answers {
    uint64_t all, old;
    double cost; /* us that computing the old ones would have taken */
    double age;  /* us that the old ones were beyond their time */
};

/* The workers take what they can until `now`; each job was there at `since`, or the queue was never empty. */
static size_t work(struct scene *scene, struct queue *queue, uint64_t free_at[WORKERS], uint64_t since,
                   uint64_t now)
{
    size_t taken = 0;

    for (; queue->count > 0; taken++) {
        uint64_t *worker = &free_at[0];
        struct key *key;

        for (int i = 1; i < WORKERS; i++)
            worker = free_at[i] < *worker ? &free_at[i] : worker;
        if (*worker > now)
            break;
        key = &scene->keys[queue_pop(queue).lease];
        key->state = TAKEN;
        key->fresh_at = (*worker > since ? *worker : since) + key->cost_us;
        *worker = key->fresh_at;
    }
    return taken;
}

static bool busy(const uint64_t free_at[WORKERS], uint64_t now)
{
    for (int i = 0; i < WORKERS; i++)
        if (free_at[i] > now)
            return true;
    return false;
}

/* The trace goes on from the edge, and begins again at its end. Worth nothing, all jobs come in turn. */
static bool play(struct scene *scene, bool by_worth, struct answers *answers)
{
    uint64_t free_at[WORKERS] = {0}, now = 0, since = 0;
    size_t left = scene->stale, at = scene->from % scene->trace->length;
    struct queue queue;

    *answers = (struct answers){0};
    queue_open(&queue, ROOM);
    for (;; now += EVERY_US, at = at + 1 < scene->trace->length ? at + 1 : 0) {
        uint32_t number = scene->numbers[at];
        struct key *key = &scene->keys[number];
        bool fresh;

        left -= work(scene, &queue, free_at, since, now);
        if (left == 0 && !busy(free_at, now))
            break;
        answers->all++;
        fresh = key->state == TAKEN && key->fresh_at <= now;
        if (fresh || key->state == UNKNOWN)
            continue;
        answers->old++;
        answers->cost += key->cost_us;
        answers->age += (double)now;
        key->hits++;
        if (key->state == STALE && queue_push(&queue, (struct job){.lease = number}, by_worth ? key->hits : 0,
                                              by_worth ? key->cost_us : 0)) {
            key->state = QUEUED;
            since = now;
        }
    }
    queue_empty(&queue);
    return true;
}

enum measure { OLD, COST, AGE, MEASURES };

/* First come, first served as multiples of the queue's order; and the counts of the last round. */
struct outcome {
    struct spread times[MEASURES];
    size_t keys;
    uint64_t first_old, ours_old;
    double first_age_ms, ours_age_ms; /* the mean of all answers while either has stale keys */
};

/* Each round has its edge at another place of the trace. */
static bool measure(struct scene *scene, enum bodies bodies, size_t rounds, struct outcome *outcome)
{
    double times[MEASURES][LONG_ROUNDS];

    for (size_t round = 0; round < rounds; round++) {
        size_t from = scene->trace->length * (round + 1) / (rounds + 1);
        struct answers first, ours;
        double all;

        from += from == 0;
        set_scene(scene, bodies, from);
        if (!play(scene, false, &first))
            return false;
        set_scene(scene, bodies, from);
        if (!play(scene, true, &ours))
            return false;
        times[OLD][round] = (double)first.old / (double)ours.old;
        times[COST][round] = first.cost / ours.cost;
        /* Of one answer alone, there is no age. */
        times[AGE][round] = ours.age > 0 ? first.age / ours.age : 1;
        all = 1000.0 * (double)(first.all > ours.all ? first.all : ours.all);
        *outcome = (struct outcome){.keys = scene->stale,
                                    .first_old = first.old,
                                    .ours_old = ours.old,
                                    .first_age_ms = first.age / all,
                                    .ours_age_ms = ours.age / all};
    }
    for (enum measure kind = 0; kind < MEASURES; kind++)
        outcome->times[kind] = spread_of(times[kind], rounds);
    return true;
}

static void show(const struct settings *settings, const char *name, enum bodies bodies,
                 const struct outcome *outcome)
{
    const struct spread *times = outcome->times;
    char label[96];

    if (!settings->json) {
        printf("  %-14s %-12s", name, body_names[bodies]);
        if (outcome->keys > 0)
            printf(" %8zu %10" PRIu64 " %10" PRIu64, outcome->keys, outcome->first_old, outcome->ours_old);
        else
            printf(" %8s %10s %10s", "", "", "");
        printf(" %7.2f (%.2f to %.2f) %7.2f %7.2f\n", times[OLD].median, times[OLD].min, times[OLD].max,
               times[COST].median, times[AGE].median);
        fflush(stdout);
    }
    snprintf(label, sizeof label, "%s, %s", name, body_names[bodies]);
    json_begin(settings, "order", label, "times ours", &times[OLD]);
    json_spread("by_cost", &times[COST]);
    json_spread("by_age", &times[AGE]);
    if (outcome->keys > 0) {
        json_count("keys", outcome->keys);
        json_count("first_old", outcome->first_old);
        json_count("ours_old", outcome->ours_old);
        json_number("first_age_ms", outcome->first_age_ms);
        json_number("ours_age_ms", outcome->ours_age_ms);
    }
    json_end(settings);
}

/* The medians of the traces. */
struct medians {
    double of[BODIES][MEASURES][MOST_TRACES];
    size_t count;
};

static bool order(const struct settings *settings, const char *path, struct medians *medians)
{
    struct trace trace;
    struct scene scene;
    bool done = true;

    if (!trace_open(&trace, path))
        return false;
    if (settings->quick && trace.length > QUICK_LENGTH) {
        trace_close(&trace);
        return true;
    }
    scene = (struct scene){
        .trace = &trace, .numbers = trace_numbers(&trace), .keys = calloc(trace.unique, sizeof *scene.keys)};
    for (enum bodies bodies = 0; done && bodies < BODIES; bodies++) {
        struct outcome outcome = {.keys = 0};

        done = scene.numbers && scene.keys &&
               measure(&scene, bodies, rounds_of(settings, LONG_ROUNDS), &outcome);
        if (!done)
            fprintf(stderr, "swrbench: out of memory\n");
        else
            show(settings, trace.name, bodies, &outcome);
        for (enum measure kind = 0; kind < MEASURES; kind++)
            medians->of[bodies][kind][medians->count] = outcome.times[kind].median;
    }
    medians->count += done;
    free(scene.numbers);
    free(scene.keys);
    trace_close(&trace);
    return done;
}

static void show_all(const struct settings *settings, struct medians *medians)
{
    for (enum bodies bodies = 0; medians->count > 0 && bodies < BODIES; bodies++) {
        struct outcome all = {.keys = 0};

        for (enum measure kind = 0; kind < MEASURES; kind++)
            all.times[kind] = spread_of(medians->of[bodies][kind], medians->count);
        show(settings, "all", bodies, &all);
    }
}

int bench_order(const struct settings *settings)
{
    static struct medians medians;
    struct traces traces;
    bool right = traces_open(&traces, settings);

    if (right && !settings->json)
        printf("order: all keys that a trace has asked for so far grow stale at once; %d workers, bodies of "
               "%d ms on\n"
               "average, a request every %g ms, virtual time. Old answers until all is fresh, of first come, "
               "first\n"
               "served and of the runtime's queue, and the former as multiples of the latter: by number "
               "(rounds: edges at\n"
               "several places), by what the answers cost to compute, by their age%s\n"
               "  %-14s %-12s %8s %10s %10s %7s %14s %7s %7s\n",
               WORKERS, BODY_MS, EVERY_US / 1000.0,
               traces.made ? ". Traces made here; recorded ones: --traces DIR" : "", "trace", "bodies",
               "keys", "first come", "ours", "times", "", "by cost", "by age");
    for (size_t i = 0; right && i < traces.count; i++)
        right = order(settings, traces.paths[i], &medians);
    if (right)
        show_all(settings, &medians);
    if (right && !settings->json)
        printf("\n");
    traces_close(&traces);
    return right ? 0 : 1;
}
