/*
 * Keys and bytes of the user's own making, and rounded arguments: who shares an answer with whom, what a
 * refresh calls the body with, and what is kept.
 */
#include "promise.h"

static _Atomic int world, bodies, encoded, decoded, made, live;
static char seen[512];

#define TIMES .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0

/* City and day, however the hour is given; a long city does not fit at first; an empty one is not cached. */
SWR_KEY(by_day, (SWR_STR(city), SWR_VAL(long, when), SWR_OUT(int, out), SWR_OPAQUE(char *, note)), key, room)
{
    made++;
    *out = *out;
    return city == NULL ? SIZE_MAX : (size_t)snprintf(key, room, "%s %ld%.0s", city, when / 24, note);
}

SWR_CACHED(long, forecast, (SWR_STR(city), SWR_VAL(long, when), SWR_OUT(int, out), SWR_OPAQUE(char *, note)),
           .key = by_day, TIMES)
{
    bodies++;
    *out = world;
    snprintf(seen, sizeof seen, "%s at %ld, %s", city ? city : "nowhere", when, note);
    return when * 100 + world;
}

SWR_KEY(of_others, (SWR_VAL(int, a)), key, room)
{
    return (size_t)snprintf(key, room, "%d", a % 2);
}

SWR_CACHED(int, misfit, (SWR_VAL(long, a)), .key = of_others, TIMES)
{
    bodies++;
    return (int)a;
}

static void keys(void)
{
    char city[400], note[] = "noted";
    int out = 0;
    memset(city, 'x', sizeof city - 1);
    city[sizeof city - 1] = 0;

    world = 1;
    CHECK(forecast("Rome", 25, &out, note) == 2501 && out == 1 && bodies == 1);
    out = 0;
    CHECK(forecast("Rome", 47, &out, note) == 2501 && out == 1 && outcome() == SWR_HIT && bodies == 1);
    CHECK(forecast("Rome", 48, &out, note) == 4801 && bodies == 2);
    CHECK(forecast(NULL, 48, &out, note) == 4801 && outcome() == SWR_BYPASS && bodies == 3);
    CHECK(forecast(NULL, 48, &out, note) == 4801 && bodies == 4);
    CHECK(forecast(city, 24, &out, note) == 2401 && forecast(city, 25, &out, note) == 2401 && bodies == 5);

    /* A refresh is called with what the entry's own computation was called with. */
    world = 2;
    swrcache_advance(1500);
    CHECK(forecast("Rome", 30, &out, note) == 2501 && out == 1 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    CHECK(strcmp(seen, "Rome at 25, noted") == 0);
    CHECK(forecast("Rome", 30, &out, note) == 2502 && out == 2 && outcome() == SWR_HIT);

    long peeked = 0;
    CHECK(SWR_PEEK(forecast, &peeked, "Rome", 40, &out, note) && peeked == 2502);
    CHECK(SWR_INVALIDATE(forecast, "Rome", 41, NULL, NULL) == 1);
    CHECK(!SWR_PEEK(forecast, &peeked, "Rome", 25, &out, note));
    CHECK(SWR_INVALIDATE(forecast, city, 47, NULL, NULL) == 1);

    /* Made for other parameters: left alone, so that no two calls are taken for one. */
    bodies = 0;
    CHECK(misfit(1) == 1 && misfit(3) == 3 && bodies == 2);
}

struct box {
    int value;
};

static struct box *box_new(int value)
{
    struct box *b = malloc(sizeof *b);
    live++;
    b->value = value;
    return b;
}

static struct box *box_copy(const struct box *b)
{
    return box_new(b->value);
}

static void box_free(struct box *b)
{
    live--;
    free(b);
}

/* More than fits at first. */
static size_t encode(const struct box *b, void *buffer, size_t room)
{
    encoded++;
    return (size_t)snprintf(buffer, room, "%0300d", b->value);
}

static struct box *decode(const void *bytes, size_t len)
{
    char text[301] = "";
    decoded++;
    if (len != 300)
        return NULL;
    memcpy(text, bytes, len);
    return box_new(atoi(text));
}

SWR_CODEC(box_codec, struct box, encode, decode);
SWR_CACHED_OBJECT(struct box, box_of, (SWR_VAL(int, id)), box_copy, box_free, .codec = box_codec, TIMES)
{
    bodies++;
    return id == 0 ? NULL : box_new(id * 100 + world);
}

static int value_of(struct box *b)
{
    int value = b != NULL ? b->value : 0;
    if (b != NULL)
        box_free(b);
    return value;
}

static void codecs(void)
{
    bodies = world = 0;
    CHECK(value_of(box_of(1)) == 100 && bodies == 1 && encoded == 2 && decoded == 0 && live == 0);
    CHECK(value_of(box_of(1)) == 100 && outcome() == SWR_HIT && bodies == 1 && decoded == 1 && live == 0);
    world = 3;
    swrcache_advance(1500);
    CHECK(value_of(box_of(1)) == 100 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    CHECK(live == 0); /* the refresh's own object is gone */
    CHECK(value_of(box_of(1)) == 103 && outcome() == SWR_HIT);
    CHECK(box_of(0) == NULL && box_of(0) == NULL && outcome() == SWR_HIT);
    SWR_INVALIDATE_ALL(box_of);
    CHECK(live == 0);
}

SWR_CACHED(int, near, (SWR_QUANTISED(int, height, 100), SWR_QUANTISED(double, lat, 0.5)), TIMES)
{
    bodies++;
    return height * 10 + (int)(lat * 2);
}

static void steps(void)
{
    bodies = 0;
    CHECK(near(199, 1.9) == 1003 && near(100, 1.5) == 1003 && bodies == 1 && outcome() == SWR_HIT);
    CHECK(near(-1, -0.1) == -1001 && near(-100, -0.5) == -1001 && bodies == 2);
    CHECK(SWR_UNCACHED(near)(199, 1.9) == 1993); /* the body by itself is not asked to round */
    CHECK(SWR_INVALIDATE(near, 150, 1.7) == 1);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    keys();
    codecs();
    steps();
    return finish("keys, codecs and steps");
}
