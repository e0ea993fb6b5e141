/*
 * Promise 14: a body that opens a batch and looks at its own writes by itself, with no cached call in
 * between. What it gives is its caller's alone, unless the batch was committed before the body ended.
 */
#include "../promises/promise.h"

static _Atomic int committed;
static __thread int pending;

SWR_CACHED(int, item, (SWR_VAL(int, k)))
{
    return k;
}

static int seen(void)
{
    return pending != 0 ? pending : committed;
}

static void begin(void)
{
    swrcache_begin();
    swrcache_invalidate("item");
    pending = 2;
}

static void commit(void)
{
    committed = pending;
    pending = 0;
    CHECK(swrcache_commit());
}

static void roll_back(void)
{
    pending = 0;
    CHECK(swrcache_rollback());
}

static void world(void)
{
    committed = 1;
    swrcache_invalidate("all");
}

enum end { LEFT_OPEN, ROLLED_BACK, COMMITTED };

SWR_CACHED(int, lone, (SWR_VAL(enum end, end)))
{
    begin();
    int v = seen();
    if (end == ROLLED_BACK)
        roll_back();
    else if (end == COMMITTED)
        commit();
    return v;
}

SWR_CACHED(int, around, (SWR_VAL(enum end, end)))
{
    return lone(end) * 10;
}

static void alone(enum end end)
{
    int value, kept = end == COMMITTED;
    world();
    CHECK(around(end) == 20);
    if (end == LEFT_OPEN)
        roll_back();
    CHECK(SWR_PEEK(lone, &value, end) == kept);
    CHECK(SWR_PEEK(around, &value, end) == kept);
}

/* The same on a thread that works for another's computation. */
static int lent_to;
static void *context;
static bool lent_ends;

static void *help(void *unused)
{
    swrcache_with(context);
    begin();
    lent_to = seen();
    if (!lent_ends)
        roll_back();
    swrcache_with(NULL);
    if (lent_ends)
        roll_back();
    return unused;
}

SWR_CACHED(int, helped, (SWR_VAL(int, k)))
{
    pthread_t thread;
    (void)k;
    context = swrcache_context();
    pthread_create(&thread, NULL, help, NULL);
    pthread_join(thread, NULL);
    return lent_to;
}

static void by_helper(bool ends)
{
    int value;
    world();
    lent_ends = ends;
    CHECK(helped(3) == 2);
    CHECK(!SWR_PEEK(helped, &value, 3));
}

/* A refresh whose body leaves a batch open: what was there stays, and is stale. */
static _Atomic bool leaves_open;

SWR_CACHED(int, renewed, (SWR_VAL(int, k)), .ttl_ms = 1000, .stale_ms = 1000000, .jitter_pct = 0)
{
    (void)k;
    pending = 0; /* of what ended without a word from this thread */
    if (leaves_open)
        begin();
    return seen();
}

static void in_background(void)
{
    world();
    CHECK(renewed(3) == 1);
    swrcache_advance(1500);
    leaves_open = true;
    CHECK(renewed(3) == 1 && outcome() == SWR_STALE_HIT && swrcache_drain(60000));
    leaves_open = false;
    CHECK(renewed(3) == 1);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    for (enum end end = LEFT_OPEN; end <= COMMITTED; end++)
        alone(end);
    by_helper(false);
    by_helper(true);
    in_background();
    return finish("batches left open");
}
