/*
 * history.c - promise 4 as a random history: threads call, invalidate in every way there is, expire and move
 * time; an oracle knows for each key the version that every later call must have seen.
 *
 * usage: history [OPERATIONS [SEED [dependents]]]
 *
 * A body answers with its key's version. Who changes the world raises the version, invalidates, and only then
 * raises the floor: a call that starts later and answers with less got a value from before the invalidation.
 * With `dependents` it looks at functions that stand on others too, and asks after each round the same of
 * expiring: some refreshes later the new version is there.
 */
#include "promise.h"

#include <sched.h>

enum { KEYS = 64, GROUPS = 8, THREADS = 4 };
/* NOTE: a dictionary; its versions are what was put. */
enum function { NUMBER, TEXT, STRING, FUNCTIONS, NOTE = FUNCTIONS, KINDS };

static _Atomic uint32_t world[KINDS][KEYS], floors[KINDS][KEYS];
static const char *_Atomic last_way[KINDS][KEYS];
static _Atomic bool calm; /* bodies neither fail nor dawdle */
static _Atomic uint64_t seeds;
static bool dependents; /* also functions that stand on others */
static _Atomic uint64_t outcomes[SWR_BYPASS + 1];

static uint32_t roll(uint32_t below)
{
    static __thread uint64_t state;
    if (state == 0)
        state = (atomic_fetch_add(&seeds, 1) + 1) * 0x9E3779B97F4A7C15u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 33) % below);
}

static uint32_t compute(enum function f, int key)
{
    uint32_t seen = atomic_load(&world[f][key]);
    if (!atomic_load(&calm)) {
        if (roll(8) == 0)
            swrcache_tag("group:%d", key % GROUPS);
        for (uint32_t turns = roll(8) == 0 ? roll(20) : 0; turns > 0; turns--)
            sched_yield();
        if (roll(64) == 0)
            swrcache_fail();
        if (roll(256) == 0)
            swrcache_skip();
    }
    swrcache_tag("group:%d", key % GROUPS);
    return seen;
}

#define TIMES .ttl_ms = 50, .stale_ms = 100, .stale_if_error_ms = 400, .retry_ms = 5, .retry_max_ms = 10

SWR_CACHED(uint64_t, number, (SWR_VAL(uint64_t, key)), TIMES, .region = "history.numbers",
           .invalidate_on = "history.changed")
{
    return compute(NUMBER, (int)key);
}

SWR_CACHED(uint32_t, text, (SWR_STR(key)), TIMES, .region = "history.texts", .tags = "history words",
           .refresh = SWR_REFRESH_CALLER)
{
    return compute(TEXT, atoi(key + 1));
}

SWR_CACHED_STRING(string, (SWR_VAL(int, key), SWR_STR(suffix)), TIMES, .region = "history.texts",
                  .invalidate_on = "history.changed", .negative_ms = 20)
{
    char *s = malloc(32);
    if (s != NULL)
        snprintf(s, 32, "%u%s", compute(STRING, key), suffix);
    return s;
}

/* What stands on others: both versions in one. */
SWR_CACHED(uint64_t, outer, (SWR_VAL(int, key)), TIMES)
{
    char name[8];
    snprintf(name, sizeof name, "k%02d", key);
    return number((uint64_t)key) << 32 | text(name);
}

SWR_CACHED(uint64_t, outermost, (SWR_VAL(int, key)), TIMES)
{
    return outer(key);
}

/* Of a dictionary; 0: nothing is there. */
static uint32_t note(int key)
{
    uint32_t version = 0;
    return swrcache_get("history.notes", &key, sizeof key, &version, sizeof version) < 0 ? 0 : version;
}

SWR_CACHED(uint32_t, noted, (SWR_VAL(int, key)), TIMES)
{
    return note(key);
}

SWR_REGION_POLICY("history.notes", .ttl_ms = 50);

/* The keys that an invalidation is about to reach, with their new versions. */
struct reach {
    uint32_t count;
    struct {
        uint8_t function, key;
        uint32_t version;
    } at[KINDS * KEYS];
};

static void change(struct reach *r, enum function f, int from, int to, int step)
{
    for (int k = from; k < to; k += step) {
        r->at[r->count].function = (uint8_t)f;
        r->at[r->count].key = (uint8_t)k;
        r->at[r->count++].version = atomic_fetch_add(&world[f][k], 1) + 1;
    }
}

static void raise_floors(const struct reach *r, const char *way)
{
    for (uint32_t i = 0; i < r->count; i++) {
        _Atomic uint32_t *floor = &floors[r->at[i].function][r->at[i].key];
        uint32_t old = atomic_load(floor);
        atomic_store(&last_way[r->at[i].function][r->at[i].key], way);
        while (old < r->at[i].version && !atomic_compare_exchange_weak(floor, &old, r->at[i].version))
            continue;
    }
}

SWR_STATIC_INVALIDATES(void, rewrite, (SWR_OPAQUE(struct reach *, r), SWR_VAL(int, key)), ("number(%d)", key),
                       ("tag:group:%d", key % GROUPS))
{
    for (int f = 0; f < FUNCTIONS; f++)
        change(r, f, key % GROUPS, KEYS, GROUPS);
}

static void by_key(struct reach *r, int key)
{
    change(r, NUMBER, key, key + 1, 1);
    SWR_INVALIDATE(number, (uint64_t)key);
}

static void by_text(struct reach *r, int key)
{
    char name[8];
    snprintf(name, sizeof name, "k%02d", key);
    change(r, TEXT, key, key + 1, 1);
    SWR_INVALIDATE(text, name);
}

static void by_function(struct reach *r, int key)
{
    enum function f = key % FUNCTIONS;
    change(r, f, 0, KEYS, 1);
    (void)(f == NUMBER ? SWR_INVALIDATE_ALL(number)
           : f == TEXT ? SWR_INVALIDATE_ALL(text)
                       : SWR_INVALIDATE_ALL(string));
}

static void by_call(struct reach *r, int key)
{
    change(r, TEXT, key, key + 1, 1);
    swrcache_invalidate("text(\"k%02d\")", key);
}

static void by_name(struct reach *r, int key)
{
    (void)key;
    change(r, STRING, 0, KEYS, 1);
    swrcache_invalidate("string");
}

static void by_pattern(struct reach *r, int key)
{
    change(r, TEXT, key / 10 * 10, key / 10 * 10 + 10 < KEYS ? key / 10 * 10 + 10 : KEYS, 1);
    swrcache_invalidate("text(\"k%d*\")", key / 10);
}

static void by_predicate(struct reach *r, int key)
{
    change(r, NUMBER, key, KEYS, 1);
    swrcache_invalidate("number(>=%d)", key);
}

static void by_tag(struct reach *r, int key)
{
    for (int f = 0; f < FUNCTIONS; f++)
        change(r, f, key % GROUPS, KEYS, GROUPS);
    swrcache_invalidate("tag:group:%d", key % GROUPS);
}

static void by_static_tag(struct reach *r, int key)
{
    (void)key;
    change(r, TEXT, 0, KEYS, 1);
    swrcache_invalidate("tag:words");
}

static void by_region(struct reach *r, int key)
{
    if (key % 4 == 0) {
        for (int f = 0; f < FUNCTIONS; f++)
            change(r, f, 0, KEYS, 1);
        swrcache_invalidate("region:history");
    } else if (key % 4 == 1) {
        change(r, NUMBER, 0, KEYS, 1);
        swrcache_invalidate("region:history.numbers");
    } else {
        change(r, TEXT, 0, KEYS, 1);
        change(r, STRING, 0, KEYS, 1);
        swrcache_invalidate("region:history.texts");
    }
}

static void by_event(struct reach *r, int key)
{
    (void)key;
    change(r, NUMBER, 0, KEYS, 1);
    change(r, STRING, 0, KEYS, 1);
    swrcache_emit("history.changed");
}

static void by_batch(struct reach *r, int key)
{
    swrcache_begin();
    by_text(r, key);
    by_key(r, (key + 1) % KEYS);
    by_tag(r, key);
    swrcache_commit();
}

/* Who puts twice says which was later: one after another for each key. */
static pthread_mutex_t notes[KEYS] = {[0 ... KEYS - 1] = PTHREAD_MUTEX_INITIALIZER};

static void write_note(struct reach *r, int key)
{
    change(r, NOTE, key, key + 1, 1);
    uint32_t version = r->at[r->count - 1].version;
    CHECK(swrcache_put("history.notes", &key, sizeof key, &version, sizeof version, roll(2) == 0 ? 0 : 200));
}

static void by_put(struct reach *r, int key)
{
    pthread_mutex_lock(&notes[key]);
    write_note(r, key);
    raise_floors(r, "put");
    pthread_mutex_unlock(&notes[key]);
}

static void by_delete(struct reach *r, int key)
{
    pthread_mutex_lock(&notes[key]);
    change(r, NOTE, key, key + 1, 1);
    swrcache_delete("history.notes", &key, sizeof key);
    raise_floors(r, "delete");
    pthread_mutex_unlock(&notes[key]);
}

static void by_puts(struct reach *r, int key)
{
    int first = key & ~1;
    pthread_mutex_lock(&notes[first]);
    pthread_mutex_lock(&notes[first + 1]);
    swrcache_begin();
    write_note(r, first);
    write_note(r, first + 1);
    by_key(r, key);
    swrcache_commit();
    raise_floors(r, "batch of puts");
    pthread_mutex_unlock(&notes[first + 1]);
    pthread_mutex_unlock(&notes[first]);
}

static void by_writer(struct reach *r, int key)
{
    rewrite(r, key);
}

static void by_all(struct reach *r, int key)
{
    (void)key;
    for (int f = 0; f < FUNCTIONS; f++)
        change(r, f, 0, KEYS, 1);
    swrcache_invalidate("all");
}

static const struct way {
    const char *name;
    void (*go)(struct reach *r, int key);
    bool wide; /* reaches much: seldom */
} ways[] = {
    {"call by key", by_key, false},
    {"call by a string", by_text, false},
    {"whole function", by_function, true},
    {"target, one call", by_call, false},
    {"target, whole function", by_name, true},
    {"pattern", by_pattern, false},
    {"predicate", by_predicate, true},
    {"tag of a result", by_tag, false},
    {"tag of a function", by_static_tag, true},
    {"region", by_region, true},
    {"event", by_event, true},
    {"batch", by_batch, false},
    {"writer", by_writer, false},
    {"put", by_put, false},
    {"delete", by_delete, false},
    {"batch of puts", by_puts, false},
    {"all", by_all, true},
};
enum { WAYS = sizeof ways / sizeof *ways };
static _Atomic uint64_t gone[WAYS], notes_seen;

static void judge(const char *what, enum function f, int key, uint32_t floor, uint32_t got)
{
    if (got >= floor && got <= atomic_load(&world[f][key]))
        return;
    if (__atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED) < 10)
        printf("FAILED: %s(%d): version %u, at least %u since its %s (outcome %d)\n", what, key, got, floor,
               atomic_load(&last_way[f][key]), (int)outcome());
}

/* What is there is no older than the last that was put or deleted; nothing may be there. */
static void look_up(int key)
{
    uint32_t floor = atomic_load(&floors[NOTE][key]);
    bool direct = roll(2) == 0;
    uint32_t version = direct ? note(key) : noted(key);
    if (roll(8) == 0)
        swrcache_has("history.notes", &key, sizeof key);
    if (version == 0)
        return;
    judge(direct ? "note" : "noted", NOTE, key, floor, version);
    atomic_fetch_add(&notes_seen, 1);
}

static void look(int key)
{
    char name[8];
    if (roll(4) == 0) {
        look_up(key);
        return;
    }
    snprintf(name, sizeof name, "k%02d", key);
    uint32_t floor_number = atomic_load(&floors[NUMBER][key]), floor_text = atomic_load(&floors[TEXT][key]);
    uint32_t floor_string = atomic_load(&floors[STRING][key]);
    switch (roll(dependents ? 5 : 3)) {
    case 0:
        judge("number", NUMBER, key, floor_number, (uint32_t)number((uint64_t)key));
        break;
    case 1:
        judge("text", TEXT, key, floor_text, text(name));
        break;
    case 2: {
        char *s = string(key, "!");
        if (s != NULL)
            judge("string", STRING, key, floor_string, (uint32_t)strtoul(s, NULL, 10));
        free(s);
        break;
    }
    default: {
        bool far = roll(2) == 0;
        uint64_t both = far ? outermost(key) : outer(key);
        judge(far ? "outermost (number)" : "outer (number)", NUMBER, key, floor_number,
              (uint32_t)(both >> 32));
        judge(far ? "outermost (text)" : "outer (text)", TEXT, key, floor_text, (uint32_t)both);
    }
    }
    atomic_fetch_add(&outcomes[outcome()], 1);
}

static void forget(int key)
{
    uint32_t w = roll(WAYS);
    struct reach r = {.count = 0};
    if (ways[w].wide && roll(8) != 0)
        w = 0;
    ways[w].go(&r, key);
    raise_floors(&r, ways[w].name);
    atomic_fetch_add(&gone[w], 1);
}

static void *work(void *operations)
{
    for (uint64_t i = *(uint64_t *)operations; i > 0; i--) {
        int key = (int)(roll(2) == 0 ? roll(KEYS) : roll(6));
        uint32_t dice = roll(400);
        if (dice < 20)
            forget(key);
        else if (dice < 22)
            SWR_EXPIRE(number, (uint64_t)key);
        else if (dice < 23)
            swrcache_expire("tag:group:%d", key % GROUPS);
        else if (dice < 24)
            SWR_REFRESH(number, (uint64_t)key);
        else if (dice < 32)
            swrcache_advance(roll(20));
        else
            look(key);
    }
    return NULL;
}

/* One change for all keys, then every way to expire in turn. */
static void expire_calmly(int turn)
{
    enum { ALL, REGION, TAG, PATTERN, NAME, TURNS };
    int how = turn % TURNS;
    bool numbers = how != TAG && how != PATTERN, texts = how != NAME;
    struct reach r = {.count = 0};
    atomic_store(&calm, true);
    /* First to the end of what is under way: its results would be as old as the time that goes by now. */
    CHECK(swrcache_drain(60000));
    swrcache_advance(1000); /* beyond every back-off */
    for (int k = 0; k < KEYS; k++)
        outermost(k);
    for (int f = 0; f < FUNCTIONS; f++)
        change(&r, f, 0, KEYS, 1);
    size_t matched = how == ALL       ? swrcache_expire("all")
                     : how == REGION  ? swrcache_expire("region:history")
                     : how == TAG     ? swrcache_expire("tag:words")
                     : how == PATTERN ? swrcache_expire("text(*)")
                                      : swrcache_expire("number");
    CHECK(matched >= KEYS);
    for (int pass = 0; pass < 8; pass++) {
        swrcache_advance(2); /* a caller that found the pool busy left the refresh to a later one */
        for (int k = 0; k < KEYS; k++) {
            char name[8];
            snprintf(name, sizeof name, "k%02d", k);
            uint64_t both = dependents ? outermost(k) : number((uint64_t)k) << 32 | text(name);
            if (pass < 7)
                continue;
            if (numbers)
                judge("expired", NUMBER, k, atomic_load(&world[NUMBER][k]), (uint32_t)(both >> 32));
            if (texts)
                judge("expired", TEXT, k, atomic_load(&world[TEXT][k]), (uint32_t)both);
        }
        CHECK(swrcache_drain(60000));
    }
    atomic_store(&calm, false);
}

int main(int argc, char **argv)
{
    with_manual_clock(argv);
    uint64_t operations = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)getpid() * 1000003;
    enum { ROUNDS = 10 };
    uint64_t each = (operations + ROUNDS * THREADS - 1) / (ROUNDS * THREADS);
    printf("seed %llu, %llu operations\n", (unsigned long long)seed,
           (unsigned long long)(each * ROUNDS * THREADS));
    fflush(stdout);
    dependents = argc > 3;
    atomic_store(&seeds, seed);
    for (int round = 0; round < ROUNDS && failures == 0; round++) {
        pthread_t threads[THREADS];
        for (int t = 0; t < THREADS; t++)
            if (pthread_create(&threads[t], NULL, work, &each) != 0)
                return 2;
        for (int t = 0; t < THREADS; t++)
            pthread_join(threads[t], NULL);
        if (dependents)
            expire_calmly(round);
    }
    for (int w = 0; w < WAYS; w++) {
        printf("  %8llu by %s\n", (unsigned long long)gone[w], ways[w].name);
        CHECK(operations < 100000 || gone[w] != 0);
    }
    printf("  %llu hits, %llu stale, %llu fallback, %llu misses, %llu coalesced\n",
           (unsigned long long)outcomes[SWR_HIT], (unsigned long long)outcomes[SWR_STALE_HIT],
           (unsigned long long)outcomes[SWR_FALLBACK_HIT], (unsigned long long)outcomes[SWR_MISS],
           (unsigned long long)outcomes[SWR_COALESCED]);
    printf("  %llu of what was put\n", (unsigned long long)notes_seen);
    CHECK(notes_seen != 0);
    CHECK(outcomes[SWR_HIT] != 0 && outcomes[SWR_STALE_HIT] != 0 && outcomes[SWR_MISS] != 0);
    return finish("promise 4, history");
}
