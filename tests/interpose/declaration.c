/* declaration.c - what the language of declarations takes, what it refuses, where it points. */
#include <criterion/criterion.h>

#include <string.h>

#include "rule/declaration.h"

static struct declaration d;
static struct declaration_error error;

static void good(const char *text)
{
    memset(&error, 0, sizeof error);
    cr_assert(declaration_parse(text, &d, &error), "%s: column %zu: %s", text, error.column, error.text);
}

#define PARAM(i, k, c, s, n)                                                                                 \
    do {                                                                                                     \
        cr_expect_eq(d.params[i].kind, SWRCACHE_KIND_##k, "%u", d.params[i].kind);                           \
        cr_expect_eq(d.params[i].cls, c, "%u", d.params[i].cls);                                             \
        cr_expect_eq(d.params[i].size, s, "%u", d.params[i].size);                                           \
        cr_expect_str_eq(d.params[i].name, n);                                                               \
    } while (0)

Test(declaration, whole_line)
{
    good("double price(str symbol, i32 days) ttl=20s stale=40s lib=libprice.so version=V_1 from=libcurl* "
         "fails=negative refresh=caller region=shop.price tags=\"a b\" expire_on=\"c d\" secret=yes mode=off "
         "max_bytes=2M");
    cr_expect_str_eq(d.name, "price");
    cr_expect_eq(d.result, DECLARED_SCALAR);
    cr_expect_eq(d.result_cls, SWRCACHE_CLASS_FLOAT);
    cr_expect_eq(d.result_size, 8);
    cr_assert_eq(d.nparams, 2);
    PARAM(0, STR, 0, 0, "symbol");
    PARAM(1, VAL, SWRCACHE_CLASS_INT, 4, "days");
    cr_expect_eq(d.policy.ttl_ms, 20000);
    cr_expect_eq(d.policy.stale_ms, 40000);
    cr_expect_eq(d.policy.wait_ms, SWRCACHE_UNSET);
    cr_expect_eq(d.policy.max_bytes, 2 << 20);
    cr_expect_eq(d.policy.fails, SWR_FAILS_NEGATIVE);
    cr_expect_eq(d.policy.refresh, SWR_REFRESH_CALLER);
    cr_expect_eq(d.policy.secret, 1);
    cr_expect_eq(d.policy.mode, SWR_MODE_OFF);
    cr_expect_str_eq(d.library, "libprice.so");
    cr_expect_str_eq(d.version, "V_1");
    cr_expect_str_eq(d.from, "libcurl*");
    cr_expect_str_eq(d.region, "shop.price");
    cr_expect_str_eq(d.tags, "a b");
    cr_expect_str_eq(d.expire_on, "c d");
}

Test(declaration, every_kind)
{
    good(
        "cstr f(i8, u16 b, long long c, unsigned long, float e, bool f, char g, opaque h, bytes[n] i, u64 n, "
        "out i32 j, out bytes[n] k, bytes[16] l, out bytes[4] m, const char *o, enum color p)");
    cr_expect_eq(d.result, DECLARED_CSTR);
    cr_assert_eq(d.nparams, 16);
    PARAM(0, VAL, SWRCACHE_CLASS_INT, 1, "arg1");
    PARAM(1, VAL, SWRCACHE_CLASS_UINT, 2, "b");
    PARAM(2, VAL, SWRCACHE_CLASS_INT, 8, "c");
    PARAM(3, VAL, SWRCACHE_CLASS_UINT, 8, "arg4");
    PARAM(4, VAL, SWRCACHE_CLASS_FLOAT, 4, "e");
    PARAM(5, VAL, SWRCACHE_CLASS_BOOL, 1, "f");
    PARAM(6, VAL, SWRCACHE_CLASS_CHAR, 1, "g");
    PARAM(7, OPAQUE, 0, 8, "h");
    PARAM(8, BYTES, 0, 0, "i");
    PARAM(10, OUT, SWRCACHE_CLASS_INT, 4, "j");
    PARAM(11, OUT_BYTES, 0, 0, "k");
    PARAM(12, BYTES, 0, 0, "l");
    PARAM(13, OUT, 0, 4, "m");
    PARAM(14, STR, 0, 0, "o");
    PARAM(15, VAL, SWRCACHE_CLASS_INT, 4, "p");
    cr_expect_eq(d.params[8].length, 9);
    cr_expect_eq(d.params[11].length, 9);
    cr_expect_eq(d.params[12].length, -1);
    cr_expect_eq(d.params[12].fixed, 16);
}

Test(declaration, spellings)
{
    good("int f(void)");
    cr_expect_eq(d.nparams, 0);
    cr_expect_eq(d.result_size, 4);
    good("unsigned long long int f()");
    cr_expect_eq(d.result_cls, SWRCACHE_CLASS_UINT);
    cr_expect_eq(d.result_size, 8);
    good("  extern   size_t  f ( const unsigned  char c , long )  ttl=inf  ");
    cr_expect_eq(d.policy.ttl_ms, SWR_FOREVER);
    cr_expect_str_eq(d.params[1].name, "arg2");
    good("int f(out bytes[4] out, str in)");
    cr_expect_str_eq(d.params[0].name, "out");
    good("void f(out double x)");
    cr_expect_eq(d.result, DECLARED_VOID);
    good("str f(str) fails=null");
    cr_expect_eq(d.result, DECLARED_STR);
}

Test(declaration, refused)
{
    static const struct {
        const char *text;
        size_t column;
        const char *says;
    } table[] = {
        {"", 0, "prototype is missing"},
        {"double", 6, "function's name"},
        {"double price", 12, "'(' is missing"},
        {"double price(str", 16, "')' is missing"},
        {"double price(str i32)", 17, "',' or ')'"},
        {"double price(str out i32)", 17, "which is a type"},
        {"double price(strr s)", 13, "no type 'strr'"},
        {"dubble price(str s)", 0, "no type 'dubble'"},
        {"int f(str s, ...)", 13, "variadic"},
        {"int f(struct point p)", 6, "SWR_INTERPOSE"},
        {"struct point f(int x)", 0, "SWR_INTERPOSE"},
        {"long double f(int x)", 0, "x87"},
        {"int f(long double x)", 6, "x87"},
        {"double _Complex f(int x)", 7, "cannot be carried"},
        {"int f(va_list v)", 6, "va_list"},
        {"int f(int (*cb)(void))", 10, "callback"},
        {"int (*f(int x))(int)", 4, "callback"},
        {"char *f(int x)", 0, "who frees"},
        {"void *f(int x)", 0, "SWR_INTERPOSE_OBJECT"},
        {"int f(char *s)", 6, "behind this pointer"},
        {"int f(int *x)", 6, "behind this pointer"},
        {"int f(out int *x)", 14, "without '*'"},
        {"int f(out str x)", 10, "shared by all callers"},
        {"int f(cstr x)", 6, "cstr is a result"},
        {"int f(bytes x)", 12, "bytes[PARAMETER]"},
        {"int f(bytes[n] x)", 12, "no parameter is named 'n'"},
        {"int f(bytes[n] x, f64 n)", 12, "must be an integer"},
        {"int f(bytes[0] x)", 12, "fixed length"},
        {"int f(int a, int a)", 13, "two parameters"},
        {"int f(int a[3])", 11, "array"},
        {"void f(int a)", 0, "nothing that could be remembered"},
        {"int malloc(u64 n)", 4, "must not be wrapped: it hands out memory"},
        {"i64 dlsym(opaque a, str b)", 4, "found by it"},
        {"i32 pthread_self()", 4, "threads"},
        {"u64 strlen(str s)", 4, "costs less"},
        {"i32 clock_gettime(i32 c)", 4, "clock"},
        {"i32 fork()", 4, "process"},
        {"i32 setjmp(opaque b)", 4, "twice"},
        {"i32 printf(str s)", 4, "as many"},
        {"i32 f(i32) ttl=20", 15, "duration"},
        {"i32 f(i32) ttl=3us", 15, "milliseconds"},
        {"i32 f(i32) tl=20s", 11, "no attribute 'tl'"},
        {"i32 f(i32) ttl=1s ttl=2s", 18, "twice"},
        {"i32 f(i32) ttl", 11, "needs a value"},
        {"i32 f(i32) jitter_pct=101", 22, "percentage"},
        {"i32 f(i32) fails=often", 17, "never|null|negative|nonzero"},
        {"i32 f(i32) fails=null", 0, "fails=null"},
        {"u32 f(i32) fails=negative", 0, "signed"},
        {"i32 f(i32) tags=\"a b", 16, "closing"},
        {"i32 f(i32) lib=/usr/lib/x.so", 15, "without a directory"},
        {"i32 f(i32) region=", 18, "needs a value"},
        {"i32 f(i32) )", 11, "needs a value"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        memset(&error, 0, sizeof error);
        bool taken = declaration_parse(table[i].text, &d, &error);
        cr_expect(!taken, "%s: taken", table[i].text);
        cr_expect(strstr(error.text, table[i].says) != NULL, "%s: %s", table[i].text, error.text);
        cr_expect_eq(error.column, table[i].column, "%s: column %zu: %s", table[i].text, error.column,
                     error.text);
    }
}

/* Names that only look like forbidden ones. */
Test(declaration, not_forbidden)
{
    static const char *const names[] = {"execute",   "settings_valid", "sem_price", "string_lookup", "getcwd",
                                        "sender_of", "memory_of",      "clocks",    "forked",        "price"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect_null(declaration_forbidden(names[i]), "%s", names[i]);
}

Test(declaration, prototype_alone)
{
    memset(&error, 0, sizeof error);
    cr_expect(!declaration_prototype("i32 f(i32) ttl=20s", &d, &error));
    cr_expect_eq(error.column, 11);
}

Test(declaration, same_signature)
{
    struct declaration other;
    good("i32 f(str a, bytes[n] b, u32 n) from=liba*");
    other = d;
    good("int f(str x, bytes[z] y, u32 z) from=libb*");
    cr_expect(declaration_same(&d, &other));
    good("int f(str x, bytes[z] y, u64 z)");
    cr_expect(!declaration_same(&d, &other));
}

/* Any text at all: taken or refused with a place inside it and words; never beyond its end. */
Test(declaration, any_text)
{
    static const char *const pieces[] = {
        "double ",   "price", "(",    "str ",  "i32",    ",",     ")",    " ttl=20s", "out ",
        "bytes[",    "]",     "n",    "*",     "const ", "char ", "...",  "struct ",  " lib=",
        "\"",        "=",     "void", "long ", "int ",   "\t",    "\xff", "\x01",     " tags=\"a b\"",
        "unsigned ", "16",    " ",    "f(",    "cstr "};
    uint64_t state = 20260101;
    unsigned long taken = 0;
    for (int round = 0; round < 200000; round++) {
        char text[400] = "";
        if (round % 2 == 0)
            strcpy(text, "int f(");
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        for (unsigned n = (unsigned)(state >> 60) + 1; n > 0; n--) {
            state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
            strcat(text, pieces[(state >> 33) % (sizeof pieces / sizeof *pieces)]);
        }
        char *exact = strdup(text);
        memset(&error, 0xA5, sizeof error);
        if (declaration_parse(exact, &d, &error)) {
            taken++;
            cr_assert(d.name[0] != 0 && d.nparams <= DECLARATION_PARAMS);
        } else {
            cr_assert(error.column <= strlen(exact), "%s: %zu", exact, error.column);
            cr_assert(memchr(error.text, 0, sizeof error.text) != NULL && error.text[0] != 0, "%s", exact);
        }
        free(exact);
    }
    cr_expect_gt(taken, 100, "%lu", taken);
}
