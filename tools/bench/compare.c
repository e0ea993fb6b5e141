/*
 * compare.c - hits of the cache beside those of other tables and caches: the same keys, the same loop through
 * one function pointer, taking turns in each round.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "peer.h"
#include "report.h"

enum {
    THREADS = 2,
    HOT = 1000,
    SPREAD = 1000000,
    LENGTH = 1 << 18,
    CALLS = 1 << 19, /* of each thread in a round */
    MOST = 16,
    MOST_ROUNDS = 50,
};

static const char *our_version(void)
{
    return "this";
}

static bool our_open(size_t entries)
{
    (void)entries;
    return true;
}

static void our_put(int64_t key, int64_t value)
{
    (void)value;
    cached_int(key);
}

static void our_close(void)
{
}

static const char *floor_version(void)
{
    return "own";
}

static const struct peer ours = {"swrcache", true, 1, our_version, our_open, our_put, cached_int, our_close};
static const struct peer bare = {"floor",    false,         1,         floor_version,
                                 floor_open, floor_put_int, floor_int, floor_close};

static const struct peer *const peers[] = {
    &ours,      &bare,
#ifdef PEER_URCU
    &peer_urcu,
#endif
#ifdef PEER_CK
    &peer_ck,
#endif
#ifdef PEER_TBB
    &peer_tbb,
#endif
#ifdef PEER_GLIB
    &peer_glib,
#endif
    &peer_lru,  &peer_memcached, &peer_redis,
};
enum { PEERS = sizeof peers / sizeof *peers };

struct runner {
    pthread_t thread;
    pthread_barrier_t *barrier;
    const struct peer *peer;
    const struct keys *keys;
    size_t calls, wrong;
    uint64_t start, end;
};

static void *run(void *argument)
{
    struct runner *runner = argument;
    int64_t (*get)(int64_t) = runner->peer->get;
    size_t mask = runner->keys->length - 1, wrong = 0;

    pthread_barrier_wait(runner->barrier);
    runner->start = now_ns();
    for (size_t call = 0; call < runner->calls; call++) {
        int64_t key = runner->keys->ints[call & mask];

        wrong += get(key) != empty_int(key);
    }
    runner->end = now_ns();
    runner->wrong = wrong;
    return NULL;
}

/* Wall nanoseconds a call over all threads together; 0: a wrong answer or no thread. */
static double measure(const struct peer *peer, const struct keys keys[], unsigned threads)
{
    struct runner runners[THREADS];
    pthread_barrier_t barrier;
    uint64_t start = UINT64_MAX, end = 0;
    size_t calls = CALLS / peer->slower, wrong = 0;

    pthread_barrier_init(&barrier, NULL, threads);
    for (unsigned i = 0; i < threads; i++) {
        runners[i] = (struct runner){.barrier = &barrier, .peer = peer, .keys = &keys[i], .calls = calls};
        if (pthread_create(&runners[i].thread, NULL, run, &runners[i]) != 0) {
            fprintf(stderr, "swrbench: cannot start a thread\n");
            exit(1); /* one that waits at the barrier cannot be called back */
        }
    }
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(runners[i].thread, NULL);
        start = runners[i].start < start ? runners[i].start : start;
        end = runners[i].end > end ? runners[i].end : end;
        wrong += runners[i].wrong;
    }
    pthread_barrier_destroy(&barrier);
    return wrong == 0 ? (double)(end - start) / (double)(calls * threads) : 0;
}

static void show(const struct settings *settings, const struct peer *peer, const char *version,
                 const char *what, struct spread spreads[THREADS], const struct spread our[THREADS])
{
    char name[64];

    snprintf(name, sizeof name, "%s, %s", peer->name, what);
    if (!settings->json)
        printf("  %-34s %10.1f %10.1f %9.2f %9.2f   %s\n", name, spreads[0].median, spreads[1].median,
               spreads[0].median / our[0].median, spreads[1].median / our[1].median, version);
    for (unsigned threads = 1; threads <= THREADS; threads++) {
        json_begin(settings, "compare", name, "ns", &spreads[threads - 1]);
        json_count("threads", threads);
        json_text("peer", peer->name);
        json_text("version", version);
        json_text("bounded", peer->bounded ? "yes" : "no");
        json_number("times_ours", spreads[threads - 1].median / our[threads - 1].median);
        json_end(settings);
    }
    fflush(stdout);
}

static bool compare(const struct settings *settings, bool spread_out, const char *versions[PEERS])
{
    static double times[PEERS][THREADS][MOST_ROUNDS];
    size_t entries = spread_out ? SPREAD : HOT;
    size_t count = settings->rounds < MOST_ROUNDS ? (size_t)settings->rounds : MOST_ROUNDS;
    struct keys keys[THREADS] = {0};
    struct spread spreads[PEERS][THREADS] = {0};
    const char *what = spread_out ? "spread" : "hot";
    bool open[PEERS] = {false}, right = true;

    for (unsigned i = 0; right && i < THREADS; i++)
        right = keys_open(&keys[i], entries, LENGTH, spread_out, false, i + 1);
    for (unsigned p = 0; right && p < PEERS; p++) {
        /* A million requests to fill a server are not worth the wait: what it costs is the way there. */
        if (!versions[p] || (spread_out && peers[p]->slower > 1))
            continue;
        open[p] = peers[p]->open(entries);
        for (size_t id = 0; open[p] && id < entries; id++)
            peers[p]->put(key_int(id), empty_int(key_int(id)));
        if (!open[p])
            fprintf(stderr, "swrbench: compare: %s could not be started\n", peers[p]->name);
    }
    for (size_t round = 0; right && round < count; round++)
        for (unsigned p = 0; right && p < PEERS; p++)
            for (unsigned threads = 1; right && open[p] && threads <= THREADS; threads++) {
                double ns = measure(peers[p], keys, threads);

                times[p][threads - 1][round] = ns;
                right = ns > 0;
                if (!right)
                    fprintf(stderr, "swrbench: compare: %s: a wrong answer\n", peers[p]->name);
            }
    for (unsigned p = 0; p < PEERS; p++) {
        for (unsigned threads = 0; right && open[p] && threads < THREADS; threads++)
            spreads[p][threads] = spread_of(times[p][threads], count);
        if (right && open[p])
            show(settings, peers[p], versions[p], what, spreads[p], spreads[0]);
        if (open[p])
            peers[p]->close();
    }
    for (unsigned i = 0; i < THREADS; i++)
        keys_close(&keys[i]);
    return right;
}

int bench_compare(const struct settings *settings)
{
    const char *versions[PEERS];

    for (unsigned p = 0; p < PEERS; p++)
        versions[p] = peers[p]->version();
    if (!settings->json)
        printf("compare: hits, 8 bytes of key and of value; wall ns a call over all threads, and as a "
               "multiple of\n"
               "swrcache's. hot: 1,000 entries; spread: 1,000,000, by zipf\n"
               "  %-34s %10s %10s %9s %9s   %s\n",
               "", "1 thread", "2 threads", "1T", "2T", "version");
    if (!compare(settings, false, versions) || !compare(settings, true, versions))
        return 1;
    if (!settings->json)
        printf("\n");
    return 0;
}
