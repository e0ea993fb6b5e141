/*
 * S62: regions come and go for months: more of them than there are numbers, each used for a moment. All work,
 * memory is bounded, and what a region is still needed for stays: its values, its settings, results that
 * stand on it, notes of a batch. Nothing of a former region is found by one that gets its number.
 */
#include "hazard.h"
#include "told.h"

#include "runtime/cache/audit.h"
#include "runtime/cache/cache.h"
#include "runtime/cache/history.h"
#include "runtime/registry/region.h"

enum {
    AT_EASE = 4096,
    MOST = AT_EASE + AT_EASE / 4,
    USERS = SANITIZED ? 3 * AT_EASE : FUNCTIONS_MAX + FUNCTIONS_MAX / 2
};

static _Atomic int bodies;
static __thread char name[64];

static const char *region(const char *of, int n)
{
    snprintf(name, sizeof name, "%s.%d", of, n);
    return name;
}

static bool known(const char *of)
{
    struct region *r = region_of(of, false);
    if (r != NULL)
        region_release(r);
    return r != NULL;
}

/* Stands on what it does not find. */
SWR_CACHED(int, stands, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    int got = -1;
    bodies++;
    swrcache_get(region("stood", n), "k", 1, &got, sizeof got);
    return got;
}

/* And one that stands on its results. */
SWR_CACHED(int, higher, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    return stands(n);
}

/* Each is there for a moment. */
static void visited(const char *of, int n, const char *key)
{
    int got = -1;
    CHECK(!swrcache_has(region(of, n), key, 1));
    CHECK(swrcache_put(name, key, 1, &n, sizeof n, 0));
    CHECK(swrcache_get(name, key, 1, &got, sizeof got) == sizeof got && got == n);
    CHECK(swrcache_delete(name, key, 1) && !swrcache_has(name, key, 1));
}

static void many(const char *of)
{
    for (int n = 0; n < MOST; n++)
        visited(of, n, "k");
}

static void all_work(void)
{
    for (int n = 0; n < USERS; n++) {
        visited("user", n, "k");
        CHECK(function_known() < MOST);
    }
    CHECK(!told("as many as there can be"));
    size_t count;
    struct region **all = region_all(&count);
    region_free_all(all, count);
    CHECK(count < MOST && !known("user.7"));
}

/* The oldest of all: what comes after them looks at them again and again. */
static void prepared(void)
{
    CHECK(swrcache_put("kept.value", "k", 1, "v", 1, 0));
    CHECK(swrcache_region_invalidate_on("kept.listens", "happened"));
    CHECK(swrcache_put("tree.a.b.c", "k", 1, "v", 1, 0) && swrcache_delete("tree.a.b.c", "k", 1));
    CHECK(higher(1) == -1 && higher(2) == -1 && higher(3) == -1 && bodies == 3);
}

static void what_is_needed_stays(void)
{
    int n = 42;
    CHECK(!known("tree.a.b.c") && !known("tree"));
    CHECK(swrcache_has("kept.value", "k", 1));
    CHECK(swrcache_put("kept.listens", "k", 1, "v", 1, 0) && swrcache_emit("happened") == 1);
    CHECK(!swrcache_has("kept.listens", "k", 1));
    bodies = 0;
    CHECK(higher(1) == -1 && outcome() == SWR_HIT && bodies == 0);
    CHECK(swrcache_put("stood.1", "k", 1, &n, sizeof n, 0) && higher(1) == 42);
    CHECK(swrcache_invalidate("region:stood.2") == 0 && higher(2) == -1 && bodies == 2);
    CHECK(swrcache_invalidate("region:stood") == 1 && higher(3) == -1);
    /* Once nothing stands on them any more they go as well. */
    CHECK(known("stood.2") && swrcache_invalidate("all") != 0);
    many("later");
    CHECK(!known("stood.2") && !known("stood") && !known("kept.value") && known("kept.listens"));
    CHECK(swrcache_put("stood.2", "k", 1, &n, sizeof n, 0) && higher(2) == 42);
    CHECK(swrcache_delete("stood.2", "k", 1) && higher(2) == -1);
}

/* Nobody deletes anything: it grows old. */
static void by_age(void)
{
    for (int n = 0; n < USERS; n++) {
        CHECK(swrcache_put(region("aged", n), "k", 1, &n, sizeof n, 1000));
        if (n % MOST == MOST - 1) {
            swrcache_advance(2000);
            CHECK(function_known() < 3 * MOST);
        }
    }
    CHECK(!told("as many as there can be"));
}

static void *others(void *cookie)
{
    many("other");
    return cookie;
}

/* A batch keeps what it will do. */
static void noted(void)
{
    pthread_t thread;
    swrcache_begin();
    CHECK(swrcache_put("noted", "k", 1, "v", 1, 0));
    pthread_create(&thread, NULL, others, NULL);
    pthread_join(thread, NULL);
    CHECK(known("noted") && swrcache_commit() && swrcache_has("noted", "k", 1));
}

static bool any(struct function *f, const struct key *key, void *cookie)
{
    (void)cookie;
    return f != NULL && key->len != 0;
}

/* What became of a former region's keys is not told of another. */
static void history(void)
{
    struct history_record record;
    uint32_t number = FUNCTIONS_MAX, at = 0, same = 0;
    struct function *f;
    visited("past", 1, "k");
    for (; (f = function_next(&at)) != NULL; function_release(f))
        if (strcmp(f->site->name, "past.1") == 0) {
            number = f->number;
            CHECK(history_find(f, any, NULL, &record) && record.what == HISTORY_INVALIDATED);
        }
    CHECK(number < FUNCTIONS_MAX);
    struct audit_act act;
    CHECK(audit_find(audit_last(), &act) && act.function != NULL && act.function->number == number);
    audit_done(&act);
    /* It stays while the audit may tell of it, and no longer. */
    for (int n = 0; n < 2 * MOST; n++)
        CHECK(swrcache_put(region("putting", n), "k", 1, "v", 1, 1));
    CHECK(known("past.1"));
    many("meanwhile");
    CHECK(!known("past.1"));
    /* Nor does it tell of the one that may have its number now, and would keep it. */
    for (int n = 0; n <= AUDIT_ACTS; n++)
        SWR_INVALIDATE(higher, -1);
    for (int n = 0; n < 6 * MOST && same == 0; n++) {
        CHECK(swrcache_put(region("present", n), "k", 1, "v", 1, 0));
        at = number;
        f = function_next(&at);
        if (f != NULL && strcmp(f->site->name, name) == 0) {
            same++;
            CHECK(!history_find(f, any, NULL, &record) && !history_complete());
        }
        if (f != NULL)
            function_release(f);
    }
    CHECK(same == 1);
}

static uint64_t pieces;

static void count_piece(void)
{
    pieces++;
}

/* What is done to a region is done in one walk, not in one for each region within. */
static void in_one_walk(void)
{
    size_t matched[3];
    for (int n = 0; n < MOST; n++)
        CHECK(swrcache_put(region("walked", n), "k", 1, "v", 1, 0));
    cache_meanwhile = count_piece;
    matched[0] = swrcache_expire("region:%s", "walked.7");
    uint64_t once = pieces;
    matched[1] = swrcache_expire("region:walked");
    CHECK(pieces - once <= 2 * once);
    cache_meanwhile = NULL;
    CHECK(matched[0] == 1 && matched[1] >= MOST - 1 && !swrcache_has("walked.8", "k", 1));
    for (int n = 0; n < MOST; n++)
        CHECK(swrcache_put(region("walked", n), "k", 1, "v", 1, 0));
    pieces = 0;
    cache_meanwhile = count_piece;
    matched[2] = swrcache_invalidate("region:walked");
    cache_meanwhile = NULL;
    CHECK(pieces <= 2 * once && matched[2] == MOST && !swrcache_has("walked.8", "k", 1));
}

enum { THREADS = 4, TURNS = SANITIZED ? 4000 : 20000 };
static _Atomic bool over;

static void *uses(void *cookie)
{
    unsigned random = (unsigned)(uintptr_t)cookie;
    for (int turn = 0; turn < TURNS; turn++) {
        int n = rand_r(&random) % (2 * MOST), got = -1;
        CHECK(swrcache_put(region("shared", n), "k", 1, &n, sizeof n, 0));
        ssize_t len = swrcache_get(name, "k", 1, &got, sizeof got);
        CHECK(len < 0 || got == n);
        if (turn % 4 == 0)
            swrcache_delete(name, "k", 1);
    }
    return NULL;
}

static void *means(void *cookie)
{
    unsigned random = 1;
    while (!over) {
        swrcache_invalidate("region:shared");
        swrcache_invalidate("shared.%d", rand_r(&random) % MOST);
        swrcache_emit("happened");
        swrcache_expire("region:%s", region("shared", rand_r(&random) % MOST));
        size_t count;
        struct region **all = region_all(&count);
        for (size_t i = 0; i < count; i += 100) {
            size_t within;
            struct function **functions = region_functions(all[i], &within);
            CHECK(functions != NULL);
            region_free_functions(functions, within);
        }
        region_free_all(all, count);
        (void)higher(rand_r(&random) % 8);
    }
    return cookie;
}

/* While all this goes on nobody finds what is not his. */
static void at_once(void)
{
    pthread_t threads[THREADS], other;
    pthread_create(&other, NULL, means, NULL);
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, uses, (void *)(i + 1));
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    over = true;
    pthread_join(other, NULL);
    CHECK(swrcache_invalidate("all") != 0 && swrcache_drain(60000));
    many("last");
    CHECK(function_known() < MOST + 64);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv); /* none ends because a machine is slow */
    watchdog(300);
    prepared();
    all_work();
    what_is_needed_stays();
    by_age();
    noted();
    history();
    in_one_walk();
    at_once();
    return finish("regions come and go");
}
