/*
 * Types of all makes: where a body finds them when the runtime calls it, what of their bytes counts, and
 * numbers that no field of ours is too narrow for.
 */
#include "promise.h"

#include <stdint.h>

static _Atomic int bodies, misplaced;

#define TIMES .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0

typedef long spaced __attribute__((aligned(256)));

struct line {
    _Alignas(64) char bytes[64];
};

struct page {
    _Alignas(4096) char bytes[8192];
};

static bool stands(const void *at, size_t align)
{
    misplaced += (uintptr_t)at % align != 0;
    return (uintptr_t)at % align == 0;
}

/* Sees the result where the body has put it; never a failure. */
static bool page_result(const void *result)
{
    return !stands(result, 4096);
}

SWR_CACHED(struct page, page_of,
           (SWR_STR(name), SWR_VAL(spaced, n), SWR_STRUCT(struct line, line, bytes), SWR_OUT(char, first),
            SWR_OUT(struct line, out), SWR_OUT_BYTES(text, n), SWR_OUT(spaced, more)),
           .failed = page_result, TIMES)
{
    struct page page = {"page"};
    bodies++;
    stands(line, 64);
    stands(out, 64);
    stands(more, 256);
    *first = name[0];
    *out = *line;
    memset(text, 'x', (size_t)n);
    *more = n;
    return page;
}

SWR_CACHED_VOID(compared_page, (SWR_VAL(int, n), SWR_OUT(char, first), SWR_OUT(struct page, out)), TIMES,
                .mode = SWR_MODE_SHADOW)
{
    bodies++;
    stands(out, 4096);
    memset(out, n, sizeof *out);
    *first = 'f';
}

static void aligned(void)
{
    static struct page page;
    struct line line = {"line"}, out;
    char first, text[3];
    spaced more;
    for (int round = 0; round < 8; round++) {
        bodies = 0;
        page = page_of("name", 3, &line, &first, &out, text, &more);
        CHECK(strcmp(page.bytes, "page") == 0 && first == 'n' && strcmp(out.bytes, "line") == 0 && more == 3);
        CHECK(text[0] == 'x' && text[2] == 'x');
        swrcache_advance(1500);
        page = page_of("name", 3, &line, &first, &out, text, &more);
        CHECK(outcome() == SWR_STALE_HIT && swrcache_drain(10000));
        CHECK(bodies == (round == 0 ? 2 : 1));
        page = page_of("name", 3, &line, &first, &out, text, &more);
        CHECK(outcome() == SWR_HIT && strcmp(page.bytes, "page") == 0 && strcmp(out.bytes, "line") == 0);
    }
    bodies = 0;
    for (int i = 0; i < 64; i++)
        compared_page(7, &first, &page);
    CHECK(outcome() == SWR_HIT && page.bytes[8191] == 7);
#ifdef SWRCACHE_TELLS_PADDING
    CHECK(bodies > 1); /* compared */
#endif
    CHECK(misplaced == 0);
}

struct member {
    char a; /* padding after it, and behind c */
    double b;
    short c;
};

/* Whatever was on the stack before is between the members. */
static struct member made(int a)
{
    static int before;
    struct member m;
    memset(&m, ++before, sizeof m);
    __asm__ volatile("" : : "r"(&m) : "memory");
    m.a = (char)a;
    m.b = a / 2.0;
    m.c = 3;
    __asm__ volatile("" : : "r"(&m) : "memory");
    return m;
}

SWR_CACHED(struct member, member_of,
           (SWR_VAL(int, a), SWR_OUT(long double, wide), SWR_OUT(struct member, out)), TIMES,
           .mode = SWR_MODE_SHADOW)
{
    bodies++;
    *out = made(a + 1);
    memset(wide, bodies, sizeof *wide);
    *wide = 1.5L;
    return made(a);
}

SWR_CACHED(struct member, nothing_fails, (SWR_VAL(int, a)), TIMES, .fails = SWR_FAILS_NONZERO)
{
    struct member m;
    bodies++;
    memset(&m, 0xff, sizeof m);
    __asm__ volatile("" : : "r"(&m) : "memory");
    m.a = 0;
    m.b = 0;
    m.c = (short)(a - a);
    __asm__ volatile("" : : "r"(&m) : "memory");
    return m;
}

struct wide {
    char tag;
    long double x, row[2];
};

SWR_CACHED(int, of_wide, (SWR_STRUCT(struct wide, w, tag, x, row), SWR_VAL(long double _Complex, z)), TIMES)
{
    bodies++;
    return (int)w->x + (int)__real__ z;
}

static void padded(void)
{
    struct member got, out;
    long double wide;
    bodies = 0;
    for (int i = 0; i < 400; i++) {
        got = member_of(i % 4, &wide, &out);
        CHECK(got.a == i % 4 && got.b == (i % 4) / 2.0 && got.c == 3 && out.a == i % 4 + 1 && wide == 1.5L);
    }
    CHECK(outcome() == SWR_HIT);
#ifdef SWRCACHE_TELLS_PADDING
    CHECK(bodies > 12); /* compared */
    bodies = 0;
    nothing_fails(1);
    nothing_fails(1);
    CHECK(outcome() == SWR_HIT && bodies == 1);
#endif
    bodies = 0;
    for (int i = 0; i < 4; i++) {
        struct wide w;
        long double _Complex z;
        memset(&w, i * 37, sizeof w);
        memset(&z, i * 41, sizeof z);
        __asm__ volatile("" : : "r"(&w), "r"(&z) : "memory");
        w.tag = 't';
        w.x = 1;
        w.row[0] = w.row[1] = 2;
        __real__ z = 3;
        __imag__ z = 4;
        CHECK(of_wide(&w, z) == 4);
    }
    CHECK(bodies == 1);
}

SWR_CACHED(int, failing, (SWR_VAL(int, error)), TIMES, .negative_ms = 60000, .fails = SWR_FAILS_NEGATIVE)
{
    errno = error;
    return -1;
}

static _Atomic int trouble;
SWR_CACHED(int, troubled, (SWR_VAL(int, n)), TIMES, .fails = SWR_FAILS_NEGATIVE, .retry_ms = 0)
{
    errno = trouble;
    return trouble ? -1 : n;
}

static void errors(void)
{
    static const int all[] = {2, 65535, 65536, 65538, 1 << 30, INT32_MAX, -5};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        for (int round = 0; round < 2; round++) {
            errno = 0;
            CHECK(failing(all[i]) == -1 && errno == all[i]);
        }
        CHECK(outcome() == SWR_HIT);
        struct swrcache_info info;
        trouble = 0;
        CHECK(troubled((int)i) == (int)i);
        trouble = all[i];
        swrcache_advance(1500);
        CHECK(troubled((int)i) == (int)i && swrcache_drain(10000));
        CHECK(troubled((int)i) == (int)i);
        swrcache_last(&info);
        CHECK(info.refresh_errno == all[i]);
        CHECK(swrcache_drain(10000));
    }
}

SWR_CACHED(int, refusing,
           (SWR_BYTES(a, an), SWR_BYTES(b, bn), SWR_OUT_BYTES(c, cn), SWR_OUT_BYTES(d, dn),
            SWR_VAL(size_t, an), SWR_VAL(size_t, bn), SWR_VAL(size_t, cn), SWR_VAL(size_t, dn)),
           TIMES)
{
    bodies++;
    errno = a && b && c && d && (an | bn | cn | dn) > 64 ? EINVAL : 0;
    return errno ? -1 : 0;
}

static void lengths(void)
{
    static const size_t all[] = {(size_t)1 << 63, SIZE_MAX / 2, SIZE_MAX - 24,
                                 SIZE_MAX - 1,    SIZE_MAX,     (size_t)1 << 32};
    char x[64] = "x";
    bodies = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t n = all[i], wraps = 0 - n;
        CHECK(refusing(x, x, x, x, n, wraps, 1, 1) == -1 && errno == EINVAL && outcome() == SWR_BYPASS);
        CHECK(refusing(x, x, x, x, 1, 1, n, wraps) == -1 && errno == EINVAL && outcome() == SWR_BYPASS);
        CHECK(refusing(x, x, x, x, n, n, n, n) == -1 && errno == EINVAL);
        CHECK(SWR_INVALIDATE(refusing, x, x, x, x, n, wraps, 1, 1) == 0);
        CHECK(!SWR_PEEK(refusing, &(int){0}, x, x, x, x, n, wraps, 1, 1));
        CHECK(!swrcache_put("types.words", x, 1, x, n, 0) && !swrcache_put("types.words", x, n, x, 1, 0));
        swrcache_begin();
        CHECK(!swrcache_put("types.words", x, 1, x, n, 0) && !swrcache_put("types.words", x, n, x, 1, 0));
        swrcache_commit();
        CHECK(swrcache_get("types.words", x, n, x, sizeof x) == -1 && !swrcache_has("types.words", x, 1));
    }
    CHECK(bodies == 3 * (int)(sizeof all / sizeof *all));
    CHECK(refusing(x, x, x, x, 1, 1, 1, 1) == 0 && refusing(x, x, x, x, 1, 1, 1, 1) == 0 &&
          outcome() == SWR_HIT);
}

SWR_CACHED(double, near, (SWR_QUANTISED(double, lat, 0.01), SWR_QUANTISED(int, height, 100)), TIMES)
{
    bodies++;
    return lat + height;
}

static void rounded(void)
{
    bodies = 0;
    CHECK(near(50.004, 199) == 150 && near(50, 100) == 150 && near(50.0099, 150) == 150 && bodies == 1);
    CHECK(swrcache_expire("near(%g, %d)", 50.004, 177) == 1);
    CHECK(swrcache_invalidate("near(50.01, 100)") == 0);
    CHECK(swrcache_invalidate("near(49.9999, 100)") == 0);
    CHECK(swrcache_invalidate("near(50.004, 177)") == 1);
    CHECK(near(50, 100) == 150 && bodies == 2);
}

SWR_KEY(by_n, (SWR_VAL(int, n), SWR_OUT(struct page, out), SWR_OUT(char, c)), key, room)
{
    stands(key, 16);
    stands(out, 4096);
    return out->bytes[8191] == 0 && c != NULL ? (size_t)snprintf(key, room, "%d", n) : SIZE_MAX;
}

SWR_CACHED(int, keyed, (SWR_VAL(int, n), SWR_OUT(struct page, out), SWR_OUT(char, c)), .key = by_n, TIMES)
{
    memset(out, 0, sizeof *out);
    *c = 'c';
    return n;
}

struct box {
    int value;
};

static struct box *box_new(int value)
{
    struct box *b = malloc(sizeof *b);
    b->value = value;
    return b;
}

static struct box *box_copy(const struct box *b)
{
    return box_new(b->value);
}

static void box_free(struct box *b)
{
    free(b);
}

/* Few and many bytes. */
static size_t encode(const struct box *b, void *buffer, size_t room)
{
    size_t len = (size_t)b->value * 400 + sizeof *b;
    if (room >= len) {
        memset(buffer, 0, len);
        memcpy(buffer, b, sizeof *b);
    }
    return len;
}

static struct box *decode(const void *bytes, size_t len)
{
    const struct box *b = bytes;
    return stands(bytes, 16) && len >= sizeof *b ? box_copy(b) : NULL;
}

SWR_CODEC(box_codec, struct box, encode, decode);
SWR_CACHED_OBJECT(struct box, box_of, (SWR_STR(name), SWR_VAL(int, n)), box_copy, box_free,
                  .codec = box_codec, TIMES)
{
    return name ? box_new(n) : NULL;
}

static void makers(void)
{
    static struct page page;
    char c, name[32] = "";
    misplaced = 0;
    CHECK(keyed(3, &page, &c) == 3 && SWR_INVALIDATE(keyed, 3, NULL, NULL) == 1);
    CHECK(keyed(3, &page, &c) == 3 && SWR_INVALIDATE(keyed, 3, &page, &c) == 1);
    for (int n = 0; n < 4; n++)
        for (int i = 0; i < 16; i++) {
            memset(name, 'n', (size_t)i);
            for (int round = 0; round < 2; round++) {
                struct box *b = box_of(name, n);
                CHECK(b != NULL && b->value == n);
                box_free(b);
            }
            CHECK(outcome() == SWR_HIT);
        }
    CHECK(misplaced == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    aligned();
    padded();
    errors();
    lengths();
    rounded();
    makers();
    return finish("types of all makes");
}
