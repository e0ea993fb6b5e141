/*
 * reasons.c - a live process in which results are invalidated and expired in every way there is, for tests of
 * what swrctl says of it.
 */
#include <pthread.h>
#include <stdlib.h>

#include <swrcache.h>

#include "obey.h"

static _Atomic int pieces = 100;

/* Bodies that are held until the gate is opened. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static int inside, open_gate;
static pthread_t holder;

static void wait_inside(void)
{
    pthread_mutex_lock(&gate);
    inside = 1;
    pthread_cond_broadcast(&moved);
    while (!open_gate)
        pthread_cond_wait(&moved, &gate);
    pthread_mutex_unlock(&gate);
}

SWR_CACHED(int, users, (SWR_VAL(int, n)), .invalidate_on = "user.saved")
{
    return n;
}

/* How many there are, and the page that shows it: its body is held before it asks. */
SWR_CACHED(int, left, (SWR_STR(item)), .region = "shop.left", .stale_ms = SWR_FOREVER)
{
    swrcache_tag("item:%s", item);
    return pieces + (int)strlen(item);
}

SWR_CACHED(int, board, (SWR_STR(item)), .stale_ms = SWR_FOREVER)
{
    return left(item) * 2;
}

SWR_CACHED(int, late, (SWR_STR(item)))
{
    wait_inside();
    return left(item);
}

/* A failure that is remembered for less than what is made of it. */
SWR_CACHED(int, shaky, (SWR_VAL(int, n)), .fails = SWR_FAILS_NEGATIVE, .negative_ms = SWR_SECONDS(600),
           .ttl_ms = SWR_SECONDS(60000))
{
    return n - 1;
}

SWR_CACHED(int, card, (SWR_VAL(int, n)), .ttl_ms = SWR_SECONDS(6000))
{
    return shaky(n) < 0 ? 0 : 1;
}

SWR_INVALIDATES(int, sell, (SWR_STR(item), SWR_VAL(int, n)), ("left(%s)", item), ("tag:none:%d", n))
{
    if (n > 100)
        swrcache_fail();
    else
        pieces -= item[0] != 0 ? n : 0;
    return pieces;
}

/* Targets that can match nothing, each in its own way. */
SWR_INVALIDATES(int, mistaken, (SWR_VAL(int, n), SWR_STR(s)), ("lefd(%d)", n), ("left(%d, %s)", n, s),
                ("left(\"%s)", s), ("region:shop.left"), ("left(\"%s*\")", s))
{
    return n + (int)strlen(s);
}

SWR_CACHED(int, named, (SWR_VAL(int, n)))
{
    swrcache_tag("%01024d", n);
    return n;
}

/* More tags than one result can have; and its caller, which takes them over. */
SWR_CACHED(int, tagged, (SWR_VAL(int, n)))
{
    for (int i = 0; i < n; i++)
        swrcache_tag("part:%d", i);
    return n;
}

SWR_CACHED(int, whole, (SWR_VAL(int, n)))
{
    return tagged(n);
}

/* twin.c has another of that name. */
SWR_STATIC_CACHED(int, twin, (SWR_VAL(int, n)))
{
    return n;
}
int call_twin(const char *name, int n);

/* A cached body that invalidates. */
SWR_CACHED(int, rude, (SWR_VAL(int, n)))
{
    return (int)swrcache_invalidate("users(%d)", n);
}

static void *hold(void *item)
{
    late(item);
    return NULL;
}

static int start_holding(void)
{
    static char item[] = "slow";
    pthread_create(&holder, NULL, hold, item);
    pthread_mutex_lock(&gate);
    while (!inside)
        pthread_cond_wait(&moved, &gate);
    pthread_mutex_unlock(&gate);
    return 1;
}

static int stop_holding(void)
{
    pthread_mutex_lock(&gate);
    open_gate = 1;
    pthread_cond_broadcast(&moved);
    pthread_mutex_unlock(&gate);
    return pthread_join(holder, NULL);
}

static int do_batch(void)
{
    swrcache_begin();
    swrcache_invalidate("left(\"nut\")");
    swrcache_put("shop.notes", "k", 1, "w", 1, 0);
    return swrcache_commit();
}

static int obey(const char *line)
{
    if (strcmp(line, "all") == 0)
        return users(10) + board("bolt") + board("nut") + left("slow");
    if (strcmp(line, "card") == 0)
        return card(0) + 2 * card(1);
    if (strncmp(line, "sell ", 5) == 0)
        return sell("bolt", atoi(line + 5));
    if (strncmp(line, "pieces ", 7) == 0) {
        pieces = atoi(line + 7);
        return pieces;
    }
    if (strcmp(line, "twins") == 0)
        return twin(1) + call_twin("x", 1);
    if (strcmp(line, "long tag") == 0)
        return named(1);
    if (strncmp(line, "tags ", 5) == 0)
        return whole(atoi(line + 5));
    if (strcmp(line, "mistaken") == 0)
        return mistaken(1, "x");
    if (strcmp(line, "rude") == 0)
        return users(20) + rude(20);
    if (strcmp(line, "batch") == 0)
        return do_batch();
    if (strcmp(line, "drain") == 0)
        return swrcache_drain(60000);
    if (strcmp(line, "hold") == 0)
        return start_holding();
    if (strcmp(line, "release") == 0)
        return stop_holding();
    if (strcmp(line, "emit") == 0)
        return (int)swrcache_emit("user.saved");
    return -1;
}
