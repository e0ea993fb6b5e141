/*
 * Promise 14: a thread sees its own writes; what it computes from an open batch is nobody else's, and goes
 * with its rollback. The world is a store with transactions: what a thread has written it sees at once, all
 * others after the commit.
 */
#include "../promises/promise.h"
#include "../process.h"

#include <sys/syscall.h>

enum { KEYS = 8 };

static _Atomic int committed[KEYS], bodies;
static __thread int pending[KEYS];
static __thread bool writing;

static int seen(int k)
{
    bodies++;
    return writing && pending[k] != 0 ? pending[k] : committed[k];
}

#define LASTING .ttl_ms = 1000, .stale_ms = 1000000, .jitter_pct = 0

SWR_CACHED(int, item, (SWR_VAL(int, k)), LASTING, .region = "shop.items", .tags = "goods",
           .invalidate_on = "items.changed", .expire_on = "items.aged")
{
    swrcache_tag("item:%d", k);
    return seen(k);
}

SWR_CACHED(int, page, (SWR_VAL(int, k)), LASTING)
{
    return item(k) * 10;
}

SWR_CACHED(int, site, (SWR_VAL(int, k)), LASTING)
{
    return page(k) * 10;
}

/* Nobody knows that it looks into the same world. */
SWR_CACHED(int, secretive, (SWR_VAL(int, k)), LASTING, .dependencies = SWR_DEPENDENCIES_OFF)
{
    return seen(k) + 5;
}

SWR_CACHED(int, by_caller, (SWR_VAL(int, k)), LASTING, .refresh = SWR_REFRESH_CALLER)
{
    return seen(k) + 7;
}

SWR_CACHED(int, compared, (SWR_VAL(int, k)), LASTING, .mode = SWR_MODE_SHADOW)
{
    return seen(k) + 9;
}

SWR_INVALIDATES(int, change, (SWR_VAL(int, k), SWR_VAL(int, v)), ("item(%d)", k))
{
    pending[k] = v;
    return v;
}

static void begin(void)
{
    memset(pending, 0, sizeof pending);
    writing = true;
    swrcache_begin();
}

static void commit(void)
{
    for (int k = 0; k < KEYS; k++)
        if (pending[k] != 0)
            committed[k] = pending[k];
    CHECK(swrcache_commit());
    writing = false;
}

static void roll_back(void)
{
    writing = false;
    CHECK(swrcache_rollback());
}

/* What other threads get. */
static void *look(void *cookie)
{
    int *found = cookie;
    found[0] = item(found[0]);
    found[1] = page(found[1]);
    found[2] = site(found[2]);
    return NULL;
}

static void others_see(int k, int v)
{
    pthread_t thread;
    int found[3] = {k, k, k};
    CHECK(pthread_create(&thread, NULL, look, found) == 0);
    pthread_join(thread, NULL);
    CHECK(found[0] == v);
    CHECK(found[1] == v * 10);
    CHECK(found[2] == v * 100);
}

static void sees(int k, int v)
{
    CHECK(item(k) == v);
    CHECK(page(k) == v * 10);
    CHECK(site(k) == v * 100);
}

static void world(int v)
{
    for (int k = 0; k < KEYS; k++)
        committed[k] = v;
    swrcache_invalidate("all");
}

/* Remembered before or not, rolled back or committed. */
static void own(bool warm, bool keep)
{
    world(1);
    if (warm)
        others_see(3, 1);
    begin();
    change(3, 2);
    sees(3, 2);
    others_see(3, 1);
    sees(3, 2);
    change(3, 4);
    sees(3, 4);
    others_see(3, 1);
    if (keep)
        commit();
    else
        roll_back();
    others_see(3, keep ? 4 : 1);
    sees(3, keep ? 4 : 1);
}

#define WAY(name, what)                                                                                      \
    static void name(void)                                                                                   \
    {                                                                                                        \
        what;                                                                                                \
    }
WAY(function, swrcache_invalidate("item"))
WAY(call, swrcache_invalidate("item(%d)", 3))
WAY(any, swrcache_invalidate("item(*)"))
WAY(from_two, swrcache_invalidate("item(>=2)"))
WAY(region, swrcache_invalidate("region:shop"))
WAY(tag, swrcache_invalidate("tag:goods"))
WAY(tag_of_body, swrcache_invalidate("tag:item:%d", 3))
WAY(everything, swrcache_invalidate("all"))
WAY(aged, swrcache_expire("item(%d)", 3))
WAY(typed, SWR_INVALIDATE(item, 3))
WAY(typed_all, SWR_INVALIDATE_ALL(item))
WAY(typed_aged, SWR_EXPIRE(item, 3))
WAY(event, swrcache_emit("items.changed"))
WAY(event_aged, swrcache_emit("items.aged"))

static void (*const ways[])(void) = {function,   call, any,   from_two,  region,     tag,   tag_of_body,
                                     everything, aged, typed, typed_all, typed_aged, event, event_aged};

/* However the key is named. */
static void named(void (*name_it)(void))
{
    world(1);
    sees(3, 1);
    others_see(3, 1);
    begin();
    pending[3] = 2;
    name_it();
    sees(3, 2);
    int value;
    CHECK(!SWR_PEEK(item, &value, 3) && !SWR_PEEK(page, &value, 3));
    others_see(3, 1);
    roll_back();
    sees(3, 1);
    CHECK(SWR_PEEK(item, &value, 3) && value == 1);
}

/* What the batch does not name is served as ever; what is not there is computed for this thread alone. */
static void others_keys(void)
{
    world(1);
    sees(3, 1);
    sees(4, 1);
    (void)secretive(4);
    begin();
    change(3, 2);
    pending[5] = 2;
    int before = bodies;
    sees(4, 1);
    CHECK(item(4) == 1 && outcome() == SWR_HIT);
    CHECK(secretive(4) == 6 && outcome() == SWR_HIT);
    CHECK(bodies == before);
    /* A refresh by the caller would be one from the batch. */
    CHECK(secretive(5) == 7 && outcome() == SWR_BYPASS);
    roll_back();
    CHECK(secretive(5) == 6);
}

static void refreshed_by_caller(void)
{
    world(1);
    CHECK(by_caller(5) == 8);
    committed[5] = 1;
    swrcache_advance(1500);
    begin();
    change(3, 2);
    pending[5] = 2;
    CHECK(by_caller(5) == 8 && outcome() == SWR_STALE_HIT);
    int value;
    CHECK(SWR_FORCED(by_caller, &value, 5) && value == 9);
    roll_back();
    CHECK(by_caller(5) == 8);
}

static void not_compared(void)
{
    world(1);
    for (int k = 0; k < KEYS; k++)
        CHECK(compared(k) == 10);
    begin();
    change(3, 2);
    for (int k = 0; k < KEYS; k++)
        pending[k] = 2;
    /* As often as would switch it off, if the function's answers were held against the remembered ones. */
    for (int i = 0; i < 2000; i++)
        CHECK(compared(i % KEYS) == 10);
    roll_back();
    CHECK(compared(1) == 10 && outcome() == SWR_HIT);
}

static int stored(const char *key)
{
    int v = 0;
    return swrcache_get("pairs", key, 1, &v, sizeof v) == sizeof v ? v : -1;
}

static void put(const char *key, int v)
{
    CHECK(swrcache_put("pairs", key, 1, &v, sizeof v, 0));
}

static void *look_up(void *cookie)
{
    *(int *)cookie = stored("x");
    return NULL;
}

static int others_find(void)
{
    pthread_t thread;
    int found = 0;
    pthread_create(&thread, NULL, look_up, &found);
    pthread_join(thread, NULL);
    return found;
}

/* The last word counts, before the commit as after it. */
static void dictionary(void)
{
    put("x", 1);
    begin();
    put("x", 2);
    CHECK(stored("x") == 2 && swrcache_has("pairs", "x", 1) && others_find() == 1);
    put("x", 3);
    CHECK(stored("x") == 3);
    CHECK(swrcache_delete("pairs", "x", 1) && stored("x") == -1 && !swrcache_has("pairs", "x", 1));
    CHECK(!swrcache_delete("pairs", "x", 1) && others_find() == 1);
    roll_back();
    CHECK(stored("x") == 1);
    begin();
    put("x", 2);
    CHECK(swrcache_delete("pairs", "x", 1));
    put("y", 5);
    swrcache_invalidate("region:pairs");
    CHECK(stored("y") == -1);
    put("z", 6);
    CHECK(stored("z") == 6);
    commit();
    CHECK(stored("x") == -1 && stored("y") == -1 && stored("z") == 6 && others_find() == -1);
    begin();
    CHECK(swrcache_delete("pairs", "z", 1) && stored("z") == -1);
    put("z", 7);
    CHECK(stored("z") == 7);
    commit();
    CHECK(stored("z") == 7);
    begin();
    CHECK(swrcache_put("pairs", "e", 1, NULL, 0, 0) && swrcache_has("pairs", "e", 1) &&
          swrcache_get("pairs", "e", 1, NULL, 0) == 0);
    roll_back();
    CHECK(!swrcache_has("pairs", "e", 1));
}

static _Atomic int waiter, in_body;
static int waited_for;
static bool inside;

/* Opens a batch amid its computation, while another thread waits for that, and leaves it open or not. */
SWR_CACHED(int, ledger, (SWR_VAL(int, k), SWR_VAL(int, left_open)), LASTING, .wait_ms = 1000000)
{
    if (!inside)
        return item(k);
    in_body = 1;
    while (waiter == 0 || !process_thread_sleeps(waiter))
        usleep(1000);
    begin();
    change(k, 2);
    int v = item(k);
    inside = false;
    if (!left_open)
        roll_back();
    return v;
}

static void *wait_for(void *cookie)
{
    while (in_body == 0)
        usleep(1000);
    waiter = (int)syscall(SYS_gettid);
    waited_for = ledger(3, *(int *)cookie);
    return NULL;
}

static void who_waits(int left_open)
{
    pthread_t thread;
    world(1);
    waiter = in_body = 0;
    inside = true;
    pthread_create(&thread, NULL, wait_for, &left_open);
    CHECK(ledger(3, left_open) == 2);
    if (left_open)
        roll_back();
    pthread_join(thread, NULL);
    CHECK(waited_for == 1);
    CHECK(ledger(3, left_open) == 1);
}

/* A batch that says nothing is none yet. */
static void silent(void)
{
    world(1);
    swrcache_begin();
    CHECK(item(6) == 1 && outcome() == SWR_MISS);
    CHECK(item(6) == 1 && outcome() == SWR_HIT);
    CHECK(swrcache_commit());
    CHECK(item(6) == 1 && outcome() == SWR_HIT);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    for (int i = 0; i < 4; i++)
        own(i & 1, i & 2);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        named(ways[i]);
    others_keys();
    refreshed_by_caller();
    not_compared();
    dictionary();
    who_waits(0);
    who_waits(1);
    silent();
    return finish("own writes");
}
