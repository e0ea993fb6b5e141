/*
 * S50: a fork while another thread stands in the midst of an operation, at each sync point of each. The child
 * finds every structure whole: it makes calls and verbs of every kind, on threads of its own as well, whose
 * stacks lie where those of the parent's threads lay.
 *
 * A thread that stands where it holds a lock is let go once the fork waits for that lock.
 *
 * usage: hazard-steps [OPERATION POINT]
 */
#include "hazard.h"
#include "together.h"
#include "../process.h"

#include <sched.h>

#include "../gate.h"
#include "base/clock.h"
#include "base/sync.h"
#include "runtime/registry/function.h"
#include "runtime/registry/resolve.h"
#include "runtime/pool/pool.h"

enum { KEYS = 300, CHILD_THREADS = 3 };

SWR_CACHED(long, leaf, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .tags = "leaves", .region = "forest")
{
    return 3L * n;
}

SWR_CACHED(long, branch, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .tags = "branches")
{
    return leaf(n) + 1;
}

SWR_CACHED(long, brief, (SWR_VAL(int, n)), .ttl_ms = 10, .stale_ms = 100000)
{
    return 5L * n;
}

SWR_CACHED(long, few, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .max_entries = 20)
{
    return 7L * n;
}

/* What the cached call gives changes, and what stands on it follows. */
enum { PRICES = 30 };
static _Atomic long level;

SWR_CACHED(long, price, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .stale_ms = SWR_FOREVER)
{
    return level + n;
}

SWR_CACHED(long, basket, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .stale_ms = SWR_FOREVER)
{
    return price(n) * 2;
}

/* How long it is fresh its region says, now this and now that. */
SWR_CACHED(long, tuned, (SWR_VAL(int, n)), .stale_ms = SWR_FOREVER, .jitter_pct = 0, .region = "tuned")
{
    return 13L * n;
}

/* Refreshed by a timer, calls or not; how often, in this process. */
enum { KEPT = 12 };
static _Atomic int kept_bodies[KEPT];

SWR_CACHED(long, kept, (SWR_VAL(int, n)), .ttl_ms = 100, .stale_ms = 100000, .keep_warm_ms = 50,
           .keep_warm_idle = 1000000)
{
    kept_bodies[n]++;
    return 11L * n;
}

/* What a child must find whole or not at all. */
static _Atomic long written;

static void warm(void)
{
    for (int i = 0; i < KEYS; i++) {
        CHECK(branch(i) == 3L * i + 1);
        CHECK(brief(i) == 5L * i);
    }
    for (int i = 0; i < KEPT; i++)
        CHECK(kept(i) == 11L * i);
    for (int i = 0; i < PRICES; i++)
        basket(i);
    swrcache_drain(60000);
}

static void walk_tag(void)
{
    swrcache_expire("tag:leaves");
}
static void walk_dependents(void)
{
    SWR_INVALIDATE_ALL(leaf);
}
static void walk_region(void)
{
    swrcache_invalidate("region:forest");
}
static void by_pattern(void)
{
    swrcache_invalidate("leaf(>=7)");
}
static void invalidate_tag(void)
{
    swrcache_invalidate("tag:branches");
}
static void everything(void)
{
    swrcache_invalidate("all");
}
static void commit(void)
{
    long value = ++written;
    swrcache_begin();
    for (int i = 0; i < TOGETHER; i++)
        swrcache_put("together", &i, sizeof i, &value, sizeof value, 0);
    swrcache_commit();
}
static void evict(void)
{
    for (int i = 0; i < 40; i++)
        few(i);
}
static void store(void)
{
    static _Atomic int next = 100000;
    for (int i = 0; i < 400; i++) { /* the table grows */
        int n = next++;
        CHECK(branch(n) == 3L * n + 1);
    }
}
static void refresh(void)
{
    swrcache_advance(20);
    for (int i = 0; i < 50; i++)
        CHECK(brief(i) == 5L * i);
    swrcache_drain(60000);
}
static void keep_warm(void)
{
    swrcache_advance(60);
    swrcache_drain(60000);
}
static void everything_of_many(void)
{
    for (int i = 0; i < 17000; i++) /* more than a verb walks by itself */
        leaf(1000 + i);
    swrcache_invalidate("all");
}
static void change(void)
{
    long value;
    level += 1000;
    for (int i = 0; i < PRICES / 2; i++)
        SWR_FORCED(price, &value, i);
    for (int i = PRICES / 2; i < PRICES; i++)
        SWR_REFRESH(price, i);
    swrcache_drain(60000);
}
static void tune(void)
{
    struct swrcache_policy times = {SWRCACHE_POLICY_UNSET};
    for (int i = 0; i < 2; i++) {
        for (int n = 0; n < PRICES; n++)
            tuned(n);
        swrcache_drain(60000);
        swrcache_advance(100);
        times.ttl_ms = i == 0 ? 10 : 3600000;
        swrcache_api->region_policy("tuned", &times, sizeof times);
    }
}
static void hit(void)
{
    for (int i = 0; i < KEYS; i++)
        CHECK(leaf(i) == 3L * i);
}

static const struct operation {
    const char *name;
    void (*run)(void);
} operations[] = {
    {"walk of a tag", walk_tag},
    {"walk of dependents", walk_dependents},
    {"walk of a region", walk_region},
    {"walk by pattern", by_pattern},
    {"invalidated tag", invalidate_tag},
    {"everything", everything},
    {"commit", commit},
    {"evict", evict},
    {"store", store},
    {"refresh", refresh},
    {"hit", hit},
    {"keep warm", keep_warm},
    {"change", change},
    {"tune", tune},
    {"everything of many", everything_of_many},
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

static const char *const points[] = {
    "walk.between",        "evict.picked",           "commit.between",
    "ripple.between",      "history.locked",         "audit.locked",
    "table.grows",         "index.linked",           "leader.before_call",
    "leader.after_call",   "refresh.before_publish", "names.before",
    "flight.created",      "invalidate.before_bump", "evict.before_free",
    "reader.after_lookup", "submitter.wakes",        "timer.fires",
    "publish.stored",      "retune.begins",          "retune.walks",
};
enum { POINTS = sizeof points / sizeof *points };

static _Atomic bool over, forked;
static _Atomic int forker;
static pthread_t operator, opener;

static pid_t parent;

/* A child stops nowhere, nor in its handlers. */
static void stop_at(const char *point)
{
    if (getpid() == parent)
        gate_reach(point);
}

static void *operate(void *cookie)
{
    const struct operation *o = cookie;
    for (int i = 0; i < 3 && !over; i++)
        o->run();
    pthread_mutex_lock(&gate.mutex);
    over = true;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.mutex);
    return NULL;
}

/* Lets go who stands in the way of the fork. */
static void *open_when_waited_for(void *cookie)
{
    for (int seen = 0; !forked && seen < 20;) {
        seen = process_thread_sleeps(forker) ? seen + 1 : 0;
        sched_yield();
    }
    gate_open();
    return cookie;
}

static void *all_operations(void *cookie)
{
    volatile unsigned char mess[60000];
    for (size_t i = 0; i < sizeof mess; i++)
        mess[i] = 0x5a;
    for (int i = 0; i < OPERATIONS; i++)
        if (operations[i].run != everything_of_many)
            operations[i].run();
    return cookie;
}

/* Nothing is fresh that stands on another value than is there. */
static void dependents_follow(void)
{
    for (int i = 0; i < PRICES; i++) {
        long now, stands;
        if (SWR_PEEK(price, &now, i) && SWR_PEEK(basket, &stands, i) && outcome() == SWR_HIT)
            CHECK(stands == 2 * now);
    }
}

/* What is said of it holds for all of them, and nothing else does. */
static void as_tuned(void)
{
    struct function *f = swrcache_site_tuned.function;
    uint64_t ttl = 0;
    long value;
    if (!SWR_PEEK(tuned, &value, 0) || !setting_given(f, SETTING_of_ttl, &ttl))
        return;
    CHECK(atomic_load(&f->settings.ttl) == ttl);
    swrcache_advance(50); /* what was just born is old, too */
    for (int n = 1; n < PRICES; n++)
        if (SWR_PEEK(tuned, &value, n) && outcome() == SWR_HIT)
            CHECK(ttl > 10 * NS_PER_MS);
}

static int in_child(bool kept_there)
{
    pthread_t threads[CHILD_THREADS];
    watchdog(30);
    hazard_failures = 0;
    atomic_store(&sync_hook, NULL);
    CHECK(together());
    dependents_follow();
    as_tuned();
    /* The child's timers go on from its first call. */
    if (kept_there) {
        int before[KEPT];
        for (int i = 0; i < KEPT; i++)
            before[i] = kept_bodies[i];
        leaf(0);
        for (int i = 0; i < 4; i++)
            keep_warm();
        for (int i = 0; i < KEPT; i++)
            CHECK(kept_bodies[i] > before[i]);
    }
    for (int i = 0; i < CHILD_THREADS; i++)
        if (pthread_create(&threads[i], NULL, all_operations, NULL) != 0)
            return 5;
    for (int i = 0; i < CHILD_THREADS; i++)
        pthread_join(threads[i], NULL);
    hit();
    return hazard_failures != 0;
}

/* False: the operation does not come by the point. */
static bool forks_at(const struct operation *o, const char *point)
{
    warm();
    over = forked = false;
    forker = (int)syscall(SYS_gettid);
    gate_close(point);
    atomic_store(&sync_hook, stop_at);
    pthread_create(&operator, NULL, operate, (void *)(uintptr_t)o);
    pthread_mutex_lock(&gate.mutex);
    while (gate.waiting == 0 && !over)
        pthread_cond_wait(&gate.changed, &gate.mutex);
    bool stands = gate.waiting != 0;
    pthread_mutex_unlock(&gate.mutex);
    if (stands) {
        pthread_create(&opener, NULL, open_when_waited_for, NULL);
        pid_t child = fork();
        if (child == 0)
            _exit(in_child(o->run != everything && o->run != everything_of_many));
        forked = true;
        int status = wait_child(child);
        if (status != 0)
            fprintf(stderr, "FAILED: %s, at %s: the child ends with %d\n", o->name, point, status);
        hazard_failures += status != 0;
        pthread_join(opener, NULL);
    }
    over = true;
    gate_open();
    pthread_join(operator, NULL);
    atomic_store(&sync_hook, NULL);
    return stands;
}

int main(int argc, char **argv)
{
    bool seen[POINTS] = {false};
    int forks = 0;
    with_manual_clock(argv);
    parent = getpid();
    watchdog(100);
    for (int o = 0; o < OPERATIONS; o++)
        for (int p = 0; p < POINTS; p++)
            if ((argc < 3 || (strcmp(argv[1], operations[o].name) == 0 && strcmp(argv[2], points[p]) == 0)) &&
                forks_at(&operations[o], points[p])) {
                seen[p] = true;
                forks++;
            }
    for (int p = 0; p < POINTS; p++)
        if (!seen[p] && argc < 3) {
            printf("no operation comes by %s\n", points[p]);
            hazard_failures++;
        }
    printf("%d forks\n", forks);
    return finish("steps");
}
