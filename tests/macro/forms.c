/* Every form and kind: do arguments, results and descriptions arrive? With the fake runtime and without. */
#define _GNU_SOURCE
#include "forms.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;
#define CHECK(x) ((x) ? (void)0 : (void)(failures++, printf("forms.c:%d: %s\n", __LINE__, #x)))

SWR_CACHED(double, quote, (SWR_STR(symbol), SWR_VAL(int, days)), .ttl_ms = SWR_SECONDS(20), .stale_ms = 0,
           .retry_ms = SWR_SECONDS(0.5), .retry_max_ms = SWR_MINUTES(1.5),
           .stale_if_error_ms = SWR_SECONDS(3000000), .region = "quotes.live", .secret = true,
           .fails = SWR_FAILS_NEGATIVE)
{
    return (symbol ? (double)strlen(symbol) : -1) + days;
}

SWR_CACHED_STRING(greet, (SWR_STR(who)), .tags = "a b")
{
    char *s = malloc(64);

    if (s)
        snprintf(s, 64, "hello %s", who);
    return s;
}

static int live;
static struct box *box_ref(const struct box *b)
{
    struct box *m = (struct box *)b;

    m->refs++;
    return m;
}
static void box_put(struct box *b)
{
    if (!--b->refs) {
        live--;
        free(b);
    }
}

SWR_CACHED_OBJECT(struct box, box_get, (SWR_VAL(int, value)), box_ref, box_put, .fails = SWR_FAILS_NULL)
{
    struct box *b = malloc(sizeof *b);

    if (b) {
        live++;
        *b = (struct box){1, value};
    }
    return b;
}

SWR_CACHED_VOID(split, (SWR_VAL(int, v), SWR_OUT(int, lo), SWR_OUT(int, hi)))
{
    *lo = v & 0xffff;
    *hi = v >> 16;
}

typedef int (*operation)(int);
static int negate(int x)
{
    return -x;
}

SWR_CACHED(long, mixed,
           (SWR_BYTES(data, len), SWR_VAL(size_t, len), SWR_STRUCT(struct place, at, x, y, city, deep.in),
            SWR_OPAQUE(int (*)(int), fn), SWR_OPAQUE(operation, fn2), SWR_OUT_BYTES(room, size),
            SWR_VAL(short, size)))
{
    long sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += ((const unsigned char *)data)[i];
    if (room && size > 0)
        memset(room, 'x', (size_t)size);
    return sum + (at ? at->x * at->y + at->deep.in : 0) + fn(1) + fn2(2);
}

enum colour { RED, GREEN };
SWR_CACHED(_Bool, names,
           (SWR_VAL(int, key), SWR_VAL(unsigned char, k), SWR_VAL(int64_t, n), SWR_VAL(float, i),
            SWR_VAL(long double, hash), SWR_VAL(char, self), SWR_VAL(bool, result),
            SWR_VAL(enum colour, args), SWR_VAL(uint16_t, site), SWR_VAL(const int, list), SWR_VAL(int, ret),
            SWR_VAL(int, c)))
{
    return key == 1 && k == 2 && n == 3 && i == 4 && hash == 5 && self == 6 && result && args == GREEN &&
           site == 9 && list == 10 && ret == 11 && c == 12;
}

struct pair {
    int a, b;
};
SWR_STATIC_CACHED(struct pair, pair_of, (SWR_VAL(int, x)))
{
    return (struct pair){x, x + 1};
}
SWR_STATIC_CACHED_STRING(nothing, ())
{
    return NULL;
}
SWR_STATIC_CACHED_OBJECT(struct box, no_box, (void), box_ref, box_put)
{
    return NULL;
}
static int touched;
SWR_STATIC_CACHED_VOID(touch, (void))
{
    swrcache_skip();
    swrcache_fail();
    swrcache_set_ttl(1, 2);
    touched++;
}

int main(int argc, char **argv)
{
    struct swrcache_site **site = dlsym(RTLD_DEFAULT, "fake_site");
    const struct swrcache_arg **args = dlsym(RTLD_DEFAULT, "fake_args");
    int *enrolled = dlsym(RTLD_DEFAULT, "fake_enrolled"), *op = dlsym(RTLD_DEFAULT, "fake_operation");
    int *whole = dlsym(RTLD_DEFAULT, "fake_whole"), *calls = dlsym(RTLD_DEFAULT, "fake_calls");
    struct place at = {.x = 3, .y = 4, .city = "Rome", .deep.in = 5};
    struct swrcache_info info = {.age_ms = 9};
    char room[4] = "";
    bool fake = site != NULL;
    double d = 0;
    struct box *b;
    struct pair p;

    CHECK(fake == (argc > 1 && !strcmp(argv[1], "fake")));
    CHECK(quote("abc", 2) == 5);
    CHECK(quote(NULL, 2) == 1);
    if (fake) {
        const struct swrcache_site *s = *site;

        CHECK(*enrolled == 11);
        CHECK(!strcmp(s->name, "quote") && !strcmp(s->result_type, "double") && s->nparams == 2);
        CHECK(s->form == SWRCACHE_FORM_VALUE && s->result_size == 8 && s->result_cls == SWRCACHE_CLASS_FLOAT);
        CHECK(s->policy->ttl_ms == 20000 && s->policy->stale_ms == 0 && s->policy->wait_ms == SWRCACHE_UNSET);
        CHECK(s->policy->retry_ms == 500 && s->policy->retry_max_ms == 90000);
        CHECK(s->policy->stale_if_error_ms == INT64_C(3000000000));
        CHECK(s->policy->secret == 1 && s->policy->fails == SWR_FAILS_NEGATIVE);
        CHECK(s->policy->refresh == SWRCACHE_REFRESH_UNSET && !strcmp(s->policy->region, "quotes.live"));
        CHECK(s->params[0].kind == SWRCACHE_KIND_STR && !strcmp(s->params[0].name, "symbol"));
        CHECK(!(*args)[0].data && (*args)[1].size == 4);
        CHECK(s->params[1].cls == SWRCACHE_CLASS_INT && !strcmp(s->params[1].type, "int"));
    }
    CHECK(SWR_UNCACHED(quote)("a", 1) == 2);
    CHECK(SWR_INVALIDATE(quote, "a", 1) == (fake ? 7 : 0));
    CHECK(!fake || (*op == SWRCACHE_OP_INVALIDATE && !*whole && !strcmp((*args)[0].data, "a")));
    CHECK(SWR_EXPIRE_ALL(quote) == (fake ? 7 : 0));
    CHECK(!fake || (*op == SWRCACHE_OP_EXPIRE && *whole));
    CHECK(SWR_REFRESH(nothing) == (fake ? 7 : 0));
    CHECK(!fake || (*op == SWRCACHE_OP_REFRESH && !*whole));
    CHECK(SWR_INVALIDATE_ALL(nothing) == (fake ? 7 : 0) && SWR_EXPIRE(touch) == (fake ? 7 : 0));
    CHECK(SWR_PEEK(quote, &d, "abcd", 1) == fake && d == (fake ? 5 : 0));

    b = box_get(42);
    CHECK(b && b->value == 42 && b->refs == 1 && live == 1);
    if (fake)
        CHECK((*site)->form == SWRCACHE_FORM_OBJECT && !strcmp((*site)->result_type, "struct box *"));
    box_put(b);
    CHECK(live == 0 && !no_box() && !nothing());

    CHECK(mixed("\1\2", 2, &at, negate, negate, room, 3) == 17);
    CHECK(!memcmp(room, "xxx", 4));
    if (fake) {
        const struct swrcache_param *q = (*site)->params;

        CHECK((*site)->nparams == 7 && (*args)[0].size == 2 && (*args)[5].size == 3);
        CHECK(q[2].nfields == 4 && q[2].size == sizeof at && !strcmp(q[2].type, "struct place"));
        CHECK(q[2].fields[1].offset == offsetof(struct place, y) && q[2].fields[1].size == sizeof(int));
        CHECK(q[2].fields[2].cls == SWRCACHE_CLASS_CHAR && q[2].fields[2].size == 8);
        CHECK(!strcmp(q[2].fields[3].name, "deep.in") && q[2].fields[3].cls == SWRCACHE_CLASS_INT);
        CHECK(q[3].kind == SWRCACHE_KIND_OPAQUE && q[3].size == sizeof(void *));
        CHECK(q[5].kind == SWRCACHE_KIND_OUT_BYTES && q[6].cls == SWRCACHE_CLASS_INT);
        mixed(NULL, 0, NULL, negate, negate, NULL, -1);
        CHECK((*args)[0].size == 0 && (*args)[5].size == SIZE_MAX && !(*args)[2].data);
    }
    CHECK(names(1, 2, 3, 4, 5, 6, true, GREEN, 9, 10, 11, 12));
    if (fake) {
        static const unsigned cls[] = {3, 4, 3, 5, 5, 2, 1, 4, 4, 3, 3, 3};

        for (unsigned i = 0; i < 12; i++)
            CHECK((*site)->params[i].cls == cls[i]);
        CHECK(!strcmp((*site)->params[6].type, "bool") && (*site)->result_cls == SWRCACHE_CLASS_BOOL);
    }
    p = pair_of(6);
    CHECK(p.a == 6 && p.b == 7);
    touch();
    CHECK(touched == 1 && other_file() == 0);
    swrcache_last(&info);
    swrcache_advance(1);
    CHECK(info.outcome == SWR_BYPASS && info.age_ms == 0 && swrcache_drain(1));
    CHECK(!fake || *calls == 13);
    return failures != 0;
}
