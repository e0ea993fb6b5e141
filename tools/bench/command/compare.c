/*
 * compare.c - hits of the cache beside those of other tables and caches: the same keys, the same loop through
 * one function pointer, in turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "measure/contest.h"
#include "measure/goal.h"
#include "peer/peer.h"
#include "peer/recorded.h"

enum {
    TEAMS = 2,
    HOT = 1000,
    SPREAD = 1000000,
    LENGTH = 1 << 20,
    CALLS = 1 << 16,        /* of each thread in a slice */
    SPREAD_CALLS = 1 << 18, /* the caches, which others have used, fill slowly */
    OURS = 0,
    FLOOR = 1,
};

static const char *own_version(void)
{
    return "own";
}

static bool our_open(size_t entries, bool strings)
{
    (void)entries;
    (void)strings;
    clear_hits();
    return true;
}

static void our_put_int(int64_t key, int64_t value)
{
    (void)value;
    cached_int(key);
}

static void our_put_row(const char *key, const struct row *value)
{
    (void)value;
    cached_row(key);
}

static bool bare_open(size_t entries, bool strings)
{
    (void)strings;
    return floor_open(entries);
}

static const struct peer ours = {"swrcache",  true,       1,           own_version, our_open,
                                 our_put_int, cached_int, our_put_row, cached_row,  clear_hits};
static const struct peer bare = {"floor",   false,         1,         own_version, bare_open, floor_put_int,
                                 floor_int, floor_put_row, floor_row, floor_close};

static const struct {
    const struct peer *peer;
    int table; /* the goal of one that is no cache, or -1 */
} peers[] = {
    {&ours, -1},
    {&bare, -1},
#ifdef PEER_URCU
    {&peer_urcu, GOAL_URCU},
#endif
#ifdef PEER_CK
    {&peer_ck, GOAL_CK},
#endif
#ifdef PEER_TBB
    {&peer_tbb, GOAL_TBB},
#endif
#ifdef PEER_GLIB
    {&peer_glib, GOAL_GLIB},
#endif
    {&peer_lru, -1},
    {&peer_memcached, -1},
    {&peer_redis, -1},
};
enum { PEERS = sizeof peers / sizeof *peers };

static const struct workload {
    const char *name;
    bool strings, spread;
} workloads[] = {
    {"numbers hot", false, false},
    {"numbers spread", false, true},
    {"strings hot", true, false},
    {"strings spread", true, true},
};

/* How many answers were wrong. */
static uint64_t ask_ints(const void *state, const struct keys *keys, size_t from, size_t calls)
{
    int64_t (*get)(int64_t) = ((const struct peer *)state)->get_int;
    size_t mask = keys->length - 1, wrong = 0;

    for (size_t call = from; call < from + calls; call++) {
        int64_t key = keys->ints[call & mask];

        wrong += get(key) != (key ^ INT_MIX);
    }
    return wrong;
}

static uint64_t ask_rows(const void *state, const struct keys *keys, size_t from, size_t calls)
{
    struct row (*get)(const char *) = ((const struct peer *)state)->get_row;
    size_t mask = keys->length - 1, wrong = 0;

    for (size_t call = from; call < from + calls; call++) {
        const char *key = keys->strings + (call & mask) * KEY_STRIDE;
        struct row row = get(key);

        wrong += memcmp(&row.word[ROW_WORDS / 2], key, sizeof row / 2) != 0;
    }
    return wrong;
}

static void judge(size_t p, unsigned team, const struct spread *ratio, const char *name)
{
    const struct peer *peer = peers[p].peer;
    char of[96];

    snprintf(of, sizeof of, "%s, %uT", name, team + 1);
    if (p == OURS || p == FLOOR)
        return;
    if (peers[p].table >= 0)
        goal_worst((enum goal)peers[p].table, ratio, of);
    else if (peer->bounded && team == 1)
        goal_worst(GOAL_BOUNDED_TWO, ratio, of);
    else if (peer->slower > 1)
        goal_worst(GOAL_SERVERS_ONE, ratio, of);
    else
        goal_worst(GOAL_LRU_ONE, ratio, of);
}

static void show(const struct settings *settings, const struct workload *workload, size_t p,
                 const char *version, const struct contest *contest)
{
    struct spread ns[TEAMS], ratio[TEAMS];
    char name[64];

    snprintf(name, sizeof name, "%s, %s", peers[p].peer->name, workload->name);
    for (unsigned team = 0; team < TEAMS; team++) {
        ns[team] = contest_ns(contest, p, team, (size_t)settings->rounds);
        ratio[team] = contest_ratio(contest, p, OURS, team, (size_t)settings->rounds);
        spread_warn(&ratio[team], "compare", name);
        judge(p, team, &ratio[team], name);
        json_begin(settings, "compare", name, "ns", &ns[team]);
        json_count("threads", team + 1);
        json_text("peer", peers[p].peer->name);
        json_text("version", version);
        json_bool("bounded", peers[p].peer->bounded);
        json_spread("times_ours", &ratio[team]);
        json_end(settings);
    }
    if (!settings->json)
        printf("  %-40s %10.1f %10.1f %9.2f %9.2f   %s\n", name, ns[0].median, ns[1].median, ratio[0].median,
               ratio[1].median, version);
    fflush(stdout);
}

static bool open_peer(const struct peer *peer, const struct workload *workload, size_t entries)
{
    if (!peer->open(entries, workload->strings)) {
        fprintf(stderr, "swrbench: compare: %s could not be started\n", peer->name);
        return false;
    }
    for (size_t id = 0; id < entries; id++) {
        char key[KEY_STRIDE];
        struct row row;

        if (!workload->strings) {
            peer->put_int(key_int(id), empty_int(key_int(id)));
            continue;
        }
        key_string(id, key);
        row = empty_row(key);
        peer->put_row(key, &row);
    }
    return true;
}

static bool compare(const struct settings *settings, unsigned number, const char *const versions[PEERS])
{
    const struct workload *workload = &workloads[number];
    size_t entries = workload->spread ? SPREAD : HOT;
    struct keys keys[2] = {0};
    struct way ways[PEERS];
    struct contest contest = {.ways = ways,
                              .count = PEERS,
                              .teams = TEAMS,
                              .keys = {&keys[0], &keys[1]},
                              .calls = workload->spread ? SPREAD_CALLS : CALLS,
                              .warm = workload->spread ? SPREAD_CALLS / 2 : CALLS / 4,
                              .long_slices = workload->spread};
    bool right = true;

    for (unsigned i = 0; right && i < 2; i++)
        right = keys_open(&keys[i], entries, LENGTH, workload->spread, workload->strings, i + 1);
    for (size_t p = 0; p < PEERS; p++) {
        const struct peer *peer = peers[p].peer;

        /* A million requests to fill a server are not worth the wait: what it costs is the way there. */
        ways[p] = (struct way){peer->name, workload->strings ? ask_rows : ask_ints, peer, peer->slower,
                               !versions[p] || (workload->spread && peer->slower > 1)};
        if (right && !ways[p].absent)
            ways[p].absent = !open_peer(peer, workload, entries);
    }
    right = right && !ways[OURS].absent && !ways[FLOOR].absent && contest_run(&contest, settings, "compare");
    for (size_t p = 0; p < PEERS; p++) {
        if (ways[p].absent)
            continue;
        if (right)
            show(settings, workload, p, versions[p], &contest);
        peers[p].peer->close();
    }
    for (unsigned team = 0; right && team < TEAMS; team++) {
        struct spread ratio = contest_ratio(&contest, FLOOR, OURS, team, (size_t)settings->rounds);

        recorded_compare(settings, number, workload->name, team, &ratio);
    }
    free(contest.ns);
    for (unsigned i = 0; i < 2; i++)
        keys_close(&keys[i]);
    return right;
}

/* Rows of the table whose peer the build or the machine lacks. */
static void note_absent(const char *const versions[PEERS])
{
    static const struct {
        enum goal goal;
        const char *name, *note;
    } rows[] = {
        {GOAL_URCU, "liburcu rculfhash", "not built: liburcu-dev is missing"},
        {GOAL_CK, "ck_hs", "not built: libck-dev is missing"},
        {GOAL_TBB, "tbb concurrent_hash_map", "not built: libtbb-dev or a C++ compiler is missing"},
        {GOAL_GLIB, "GHashTable + GRWLock", "not built: libglib2.0-dev is missing"},
        {GOAL_SERVERS_ONE, "memcached", "memcached is not installed"},
        {GOAL_SERVERS_ONE, "Redis", "redis-server is not installed"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool there = false;

        for (size_t p = 0; p < PEERS; p++)
            there |= versions[p] && strcmp(peers[p].peer->name, rows[i].name) == 0;
        if (!there)
            goal_note(rows[i].goal, rows[i].note);
    }
}

int bench_compare(const struct settings *settings)
{
    const char *versions[PEERS];

    for (size_t p = 0; p < PEERS; p++)
        versions[p] = peers[p].peer->version();
    note_absent(versions);
    if (!settings->json)
        printf("compare: hits; ns a call over all threads, and as a multiple of swrcache's. numbers: 8 "
               "bytes of\n"
               "key and of value, strings: 32 and 64. hot: 1,000 entries, spread: 1,000,000, by zipf\n"
               "  %-40s %10s %10s %9s %9s   %s\n",
               "", "1 thread", "2 threads", "1T", "2T", "version");
    for (unsigned number = 0; number < sizeof workloads / sizeof *workloads; number++)
        if (!compare(settings, number, versions))
            return 1;
    if (!settings->json)
        printf("\n");
    return 0;
}
