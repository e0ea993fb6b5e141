/* The version is part of the key: another one abandons the old entries, the former one finds them again. */
#include "../promises/promise.h"

static int64_t schema = 1;
static _Atomic int bodies;

static int64_t schema_now(void)
{
    return schema;
}

SWR_CACHED(int, row, (SWR_VAL(int, n)), .version_of = schema_now, .ttl_ms = SWR_FOREVER)
{
    bodies++;
    return n * 10 + (int)schema;
}

SWR_CACHED_STRING(text, (SWR_STR(s)), .version_of = schema_now, .ttl_ms = SWR_FOREVER)
{
    char *copy;
    bodies++;
    return asprintf(&copy, "%lld %.3s", (long long)schema, s) < 0 ? NULL : copy;
}

SWR_CACHED(int, fixed, (SWR_VAL(int, n)), .version = 3, .ttl_ms = SWR_FOREVER)
{
    bodies++;
    return n;
}

static bool text_is(const char *s, const char *expected)
{
    char *got = text(s);
    bool same = got != NULL && strcmp(got, expected) == 0;
    free(got);
    return same;
}

int main(int argc, char **argv)
{
    static char lengthy[20000];
    (void)argc;
    with_manual_clock(argv);
    memset(lengthy, 'y', sizeof lengthy - 1);
    for (int twice = 0; twice < 2; twice++)
        CHECK(row(4) == 41 && fixed(4) == 4 && text_is("abc", "1 abc") && text_is(lengthy, "1 yyy"));
    CHECK(bodies == 4);
    schema = 2;
    for (int twice = 0; twice < 2; twice++)
        CHECK(row(4) == 42 && text_is("abc", "2 abc") && text_is(lengthy, "2 yyy"));
    CHECK(bodies == 7);
    schema = 1;
    CHECK(row(4) == 41 && text_is(lengthy, "1 yyy") && bodies == 7);
    CHECK(SWR_INVALIDATE(row, 4) == 1);
    schema = 2;
    CHECK(row(4) == 42 && bodies == 7);
    CHECK(swrcache_invalidate("row(4)") == 1);
    return finish("versions");
}
