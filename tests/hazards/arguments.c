/* Arguments belong to the caller: gone or changed after the call; and values that look alike but are not. */
#include "hazard.h"

#include <math.h>

static _Atomic int bodies;

static int sum(const unsigned char *bytes, size_t len)
{
    unsigned total = 0;
    for (size_t i = 0; i < len; i++)
        total = total * 31 + bytes[i];
    return (int)(total & 0x7fffffff);
}

SWR_CACHED(int, measure, (SWR_STR(text)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    bodies++;
    if (text == NULL)
        return -1;
    return sum((const unsigned char *)text, strlen(text));
}

SWR_CACHED(int, digest, (SWR_BYTES(data, len), SWR_VAL(int, len)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER,
           .jitter_pct = 0)
{
    bodies++;
    return len <= 0 ? len - 7 : sum(data, (size_t)len);
}

struct place {
    int x;
    char name[16];
    int ignored;
};

SWR_CACHED(int, locate, (SWR_STRUCT(struct place, p, x, name)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER,
           .jitter_pct = 0)
{
    bodies++;
    return p == NULL ? -1 : p->x * 100 + (int)strlen(p->name);
}

SWR_CACHED(double, invert, (SWR_VAL(double, x)))
{
    bodies++;
    return 1 / x;
}

SWR_CACHED(int, fill, (SWR_OUT_BYTES(room, len), SWR_VAL(int, len)))
{
    bodies++;
    if (len > 0)
        memset(room, 'f', (size_t)len);
    return len;
}

static void refresh_sees(size_t length)
{
    char *text = malloc(length + 1);
    memset(text, 'q', length);
    text[length] = 0;
    int expected = sum((unsigned char *)text, length), before = bodies;
    CHECK(measure(text) == expected);
    CHECK(digest(text, (int)length) == (length == 0 ? -7 : expected));
    swrcache_advance(1500);
    CHECK(measure(text) == expected && outcome() == SWR_STALE_HIT);
    CHECK(digest(text, (int)length) == (length == 0 ? -7 : expected) && outcome() == SWR_STALE_HIT);
    memset(text, 'Z', length);
    free(text);
    CHECK(swrcache_drain(10000));
    CHECK(bodies == before + 4);
    text = malloc(length + 1);
    memset(text, 'q', length);
    text[length] = 0;
    CHECK(measure(text) == expected && outcome() == SWR_HIT);
    CHECK(digest(text, (int)length) == (length == 0 ? -7 : expected) && outcome() == SWR_HIT);
    CHECK(bodies == before + 4);
    free(text);
}

SWR_CACHED(int, bound, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0,
           .refresh = SWR_REFRESH_CALLER)
{
    bodies++;
    return n + 1;
}

/* It looks at its argument only after others were computed in its thread, and memory was asked for. */
SWR_CACHED(int, patient, (SWR_STR(text)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0,
           .dependencies = SWR_DEPENDENCIES_OFF)
{
    char other[4000];
    int length = (int)strlen(text);
    bound(length);
    for (int i = 0; i < 20; i++) {
        memset(other, 'A' + i, sizeof other);
        digest(other, length + i);
    }
    return sum((const unsigned char *)text, strlen(text));
}

/* A worker keeps the arguments of a refresh; a stale call in the body computes on that worker, and ends. */
static void kept_for_the_body(size_t length)
{
    char text[2000];
    memset(text, 'q', length);
    text[length] = 0;
    int expected = sum((unsigned char *)text, length);
    CHECK(patient(text) == expected);
    for (int round = 0; round < 3; round++) {
        SWR_INVALIDATE_ALL(digest);
        swrcache_advance(1500);
        CHECK(patient(text) == expected && outcome() == SWR_STALE_HIT);
        CHECK(swrcache_drain(10000));
        CHECK(patient(text) == expected && outcome() == SWR_HIT);
    }
}

static void structures(void)
{
    struct place *p = calloc(1, sizeof *p);
    p->x = 3;
    strcpy(p->name, "abcd");
    CHECK(locate(p) == 304);
    p->ignored = 1;
    CHECK(locate(p) == 304 && outcome() == SWR_HIT);
    swrcache_advance(1500);
    CHECK(locate(p) == 304 && outcome() == SWR_STALE_HIT);
    memset(p, 0x55, sizeof *p);
    free(p);
    CHECK(swrcache_drain(10000));
    struct place q = {.x = 3, .name = "abcd"};
    CHECK(locate(&q) == 304 && outcome() == SWR_HIT);
    CHECK(locate(NULL) == -1 && outcome() == SWR_MISS);
    CHECK(locate(NULL) == -1 && outcome() == SWR_HIT);
}

static void lookalikes(void)
{
    CHECK(measure(NULL) == -1 && outcome() == SWR_MISS);
    CHECK(measure("") == 0);
    CHECK(measure(NULL) == -1 && outcome() == SWR_HIT);
    CHECK(measure("") == 0 && outcome() == SWR_HIT);
    swrcache_advance(1500);
    CHECK(measure(NULL) == -1 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    CHECK(measure(NULL) == -1 && outcome() == SWR_HIT);

    CHECK(invert(0.0) > 0 && invert(-0.0) < 0);
    CHECK(invert(0.0) > 0 && outcome() == SWR_HIT);
    CHECK(invert(-0.0) < 0 && outcome() == SWR_HIT);
    CHECK(isnan(invert((double)NAN)) && outcome() == SWR_MISS);
    CHECK(isnan(invert((double)NAN)) && outcome() == SWR_HIT);

    char room[16] = "";
    for (int i = 0; i < 2; i++) {
        CHECK(digest(room, -1) == -8 && outcome() == SWR_BYPASS);
        CHECK(digest(NULL, 5 - 10) == -12 && outcome() == SWR_BYPASS);
        CHECK(fill(room, -3) == -3 && outcome() == SWR_BYPASS);
    }
    CHECK(fill(room, 4) == 4 && outcome() == SWR_MISS && memcmp(room, "ffff\0", 5) == 0);
    memset(room, 0, sizeof room);
    CHECK(fill(room, 4) == 4 && outcome() == SWR_HIT && memcmp(room, "ffff\0", 5) == 0);
    CHECK(fill(room, 8) == 8 && outcome() == SWR_MISS);
    CHECK(digest(NULL, 0) == -7);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    watchdog(60);
    lookalikes();
    SWR_INVALIDATE_ALL(measure);
    SWR_INVALIDATE_ALL(digest);
    static const size_t lengths[] = {0, 1, 7, 8, 100, 247, 248, 249, 255, 256, 257, 1000, 100000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        refresh_sees(lengths[i]);
    for (size_t length = 1; length < 2000; length *= 3)
        kept_for_the_body(length);
    structures();
    return finish("arguments");
}
