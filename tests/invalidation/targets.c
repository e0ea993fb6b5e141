/* The language of targets from C: formats, patterns, predicates; what is wrong is told and does nothing. */
#include "../promises/promise.h"

#include <locale.h>

#include "runtime/cache/audit.h"
#include "runtime/setting/option.h"
#include "runtime/verb/format.h"

SWR_CACHED(int, quote, (SWR_STR(symbol), SWR_VAL(int, days)), .ttl_ms = SWR_FOREVER)
{
    return (int)strlen(symbol) + days;
}

__attribute__((format(printf, 1, 2))) static const char *formatted(const char *format, ...)
{
    static char text[200];
    char why[200];
    va_list args;
    va_start(args, format);
    bool done = format_target(text, sizeof text, format, args, why, sizeof why) == FORMAT_DONE;
    va_end(args);
    return done ? text : "refused";
}

SWR_CACHED(int, kinds, (SWR_VAL(char, c), SWR_VAL(bool, b), SWR_VAL(unsigned, u), SWR_VAL(double, d)),
           .ttl_ms = SWR_FOREVER)
{
    return c + b + (int)u + (int)d;
}

SWR_CACHED(int, octets, (SWR_BYTES(bytes, n), SWR_VAL(size_t, n)), .ttl_ms = SWR_FOREVER)
{
    return bytes != NULL && n > 0 ? *(const unsigned char *)bytes : 0;
}

SWR_CACHED(int, all, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    return n;
}

SWR_CACHED(int, tagged, (SWR_STR(tag)), .ttl_ms = SWR_FOREVER)
{
    swrcache_tag("%s", tag);
    return 1;
}

SWR_CACHED(int, maybe, (SWR_STR(text)), .ttl_ms = SWR_FOREVER)
{
    return text == NULL ? 1 : (int)strlen(text) + 2;
}

SWR_CACHED(int, pin, (SWR_STR(who)), .ttl_ms = SWR_FOREVER, .secret = true)
{
    return (int)strlen(who);
}

SWR_CACHED(double, half, (SWR_VAL(double, x)), .ttl_ms = SWR_FOREVER)
{
    return x / 2;
}

SWR_CACHED(float, narrow, (SWR_VAL(float, x)), .ttl_ms = SWR_FOREVER)
{
    return x / 2;
}

SWR_CACHED(long double, wide, (SWR_VAL(long double, x), SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    return x / n;
}

SWR_INVALIDATES(void, set_half, (SWR_VAL(double, x)), ("half(%g)", x))
{
    (void)x;
}

static void fill(void)
{
    static const char *const symbols[] = {"ACME", "ACNE", "B*", "B\"x"};
    for (int s = 0; s < 4; s++)
        for (int days = 10; days <= 40; days += 10)
            (void)quote(symbols[s], days);
}

static bool complained(const char *of)
{
    for (uint32_t i = 0; option_complaint(i) != NULL; i++)
        if (strstr(option_complaint(i), of) != NULL)
            return true;
    return false;
}

/* Numbers, characters and truths as %d, %u and %c write them, in any locale. */
static void scalars(void)
{
    char quote_mark = '\'', star = '*';
    unsigned many = 3000000000u;
    bool yes = true;
    CHECK(kinds('x', yes, many, 1.5) && kinds(quote_mark, false, 7, 0.1) && kinds(star, false, 7, -2.25));
    CHECK(swrcache_invalidate("kinds(%c, *, *, *)", 'x') == 1 && kinds('x', yes, many, 1.5));
    CHECK(swrcache_invalidate("kinds('%c', *, *, *)", 'x') == 1 && kinds('x', yes, many, 1.5));
    CHECK(swrcache_invalidate("kinds(%d, *, *, *)", 'x') == 1 && kinds('x', yes, many, 1.5));
    CHECK(swrcache_invalidate("kinds(%c, *, *, *)", quote_mark) == 1 && kinds(quote_mark, false, 7, 0.1));
    CHECK(swrcache_invalidate("kinds(%c, *, *, *)", star) == 1 && kinds(star, false, 7, -2.25));
    CHECK(swrcache_invalidate("kinds(*, %d, *, *)", yes) == 1 && kinds('x', yes, many, 1.5));
    CHECK(swrcache_invalidate("kinds(*, true, *, *)") == 1 && kinds('x', yes, many, 1.5));
    CHECK(swrcache_invalidate("kinds(*, *, %d, *)", (int)many) == 1 && kinds('x', yes, many, 1.5));
    CHECK(swrcache_invalidate("kinds(*, *, %u, *)", many) == 1 && kinds('x', yes, many, 1.5));
    CHECK(swrcache_invalidate("kinds(*, *, %lld, *)", (long long)many << 1) == 0);
    const char *const locales[] = {"C", "de_DE.UTF-8"};
    for (int i = 0; i < 2; i++) {
        if (setlocale(LC_ALL, locales[i]) == NULL)
            continue;
        CHECK(kinds('x', yes, many, 1.5) && kinds(quote_mark, false, 7, 0.1) && kinds(star, false, 7, -2.25));
        CHECK(swrcache_invalidate("kinds(*, *, *, %f)", 1.5) == 1);
        CHECK(swrcache_invalidate("kinds(*, *, *, %.17g)", 0.1) == 1);
        CHECK(swrcache_invalidate("kinds(*, *, *, <%.1f)", 0.0) == 1);
    }
    setlocale(LC_ALL, "C");
}

/* What is too long to be printed or written is still found. */
/* A number that comes in means the key of that number, whatever %f would leave of it. */
static void fractions(void)
{
    static const double doubles[] = {1 / 3., -1e-300, 123456789.123456789, 0,
                                     -0.0,   1e22,    __builtin_inf(),     __builtin_nan("")};
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        double x = doubles[i];
        (void)half(x);
        CHECK(swrcache_invalidate("half(%f)", x) == 1);
        (void)half(x);
        CHECK(swrcache_invalidate("half(%+e)", x) == 1);
        (void)half(x);
        set_half(x);
        CHECK(!SWR_PEEK(half, &x, doubles[i]));
        (void)narrow((float)x);
        CHECK(swrcache_invalidate("narrow(%f)", (double)(float)x) == 1);
        (void)wide(x / 3.0L, 2);
        CHECK(swrcache_invalidate("wide(%Lf, %d)", x / 3.0L, 2) == 1);
    }
    (void)half(0.25);
    (void)half(1 / 3.);
    CHECK(swrcache_invalidate("half(%.2f)", 1 / 4.) == 1 && swrcache_invalidate("half(%.2f)", 1 / 3.) == 0);
    CHECK(swrcache_invalidate("half(%.3f*)", 1 / 3.) == 1);
    CHECK(strcmp(formatted("tag:%f", 1 / 3.), "tag:0.333333") == 0);
}

static void lengths(void)
{
    enum { LONG = 1 << 20 };
    char *text = malloc(LONG + 1);
    memset(text, 'a', LONG);
    text[LONG] = 0;
    text[LONG - 1] = 'z';
    swrcache_invalidate("quote");
    CHECK(quote(text, 1) == LONG + 1 && quote(text, 2) == LONG + 2 && quote("short", 1) == 6);
    CHECK(swrcache_invalidate("quote(\"a*b\", *)") == 0);
    CHECK(swrcache_invalidate("quote(\"a*z\", 1)") == 1 && quote(text, 1) == LONG + 1);
    memset(text, '\001', LONG);
    CHECK(octets(text, LONG) == 1 && octets("\002", 1) == 2);
    CHECK(swrcache_invalidate("octets(x\"01*\", *)") == 1);
    memset(text, 'a', LONG);
    text[LONG - 1] = 'z';
    /* A call that cannot be written down: its whole function, and that is told. */
    CHECK(swrcache_invalidate("quote(\"%s\", %d)", text, 1) == 3 && complained("all of quote is meant"));
    CHECK(swrcache_invalidate("%s(%d)", text, 1) == 0);
    free(text);
}

/* What comes in is data, in every place. */
static void data(void)
{
    static const char *const odd[] = {"a:b", "a b ", "\"", "*",        "x\ny",    "\\",
                                      "%d",  "'",    "(",  "region:x", "\303\251"};
    fill();
    CHECK(all(1) == 1 && swrcache_invalidate("%s", "all") == 1 && swrcache_invalidate("quote") == 16);
    CHECK(swrcache_invalidate("%s", "quote(*, *)") == 0 && swrcache_invalidate("%s", "region:x") == 0);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        CHECK(tagged(odd[i]) == 1 && quote(odd[i], 1) > 0);
        CHECK(swrcache_invalidate("tag:%s", odd[i]) == 1);
        CHECK(swrcache_invalidate("quote(\"%s\", 1)", odd[i]) == 1);
        CHECK(quote(odd[i], 1) > 0 && swrcache_invalidate("quote(%s, *)", odd[i]) == 1);
    }
}

/* A tag's name and the target that names it: the same format makes the same of the same. */
#define NAMED(as, ...)                                                                                       \
    SWR_CACHED(int, as, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)                                            \
    {                                                                                                        \
        swrcache_tag(__VA_ARGS__);                                                                           \
        return n;                                                                                            \
    }
#define EACH_NAMED(_)                                                                                        \
    _(named_plain, "user(%s)/%s", "x", "a\"b")                                                               \
    _(named_null, "user:%s", no_text)                                                                        \
    _(named_padded, "<%6s|%-6s|%*s|%3c>", "ab", "ab", 4, "cd", 'c')                                          \
    _(named_cut, "%.2s %.*s %.*s", "abc", 1, "abc", -1, "abc")                                               \
    _(named_number, "%.1f %5d%% %+d %#x %-4u|", 1.5, 7, 3, 255, 9u)
static const char *volatile no_text; /* the compiler would know */
EACH_NAMED(NAMED)

static void tags(void)
{
    const char *const locales[] = {"C", "de_DE.UTF-8"};
    for (int i = 0; i < 2; i++) {
        if (setlocale(LC_ALL, locales[i]) == NULL)
            continue;
#define TAKEN_BACK(as, ...)                                                                                  \
    CHECK(as(1) == 1 && swrcache_invalidate("tag:" __VA_ARGS__) == 1 && outcome() == SWR_MISS);
        EACH_NAMED(TAKEN_BACK)
        /* In another locale than the body's too. */
        CHECK(named_number(1) == 1);
        setlocale(LC_ALL, "C");
        CHECK(swrcache_invalidate("tag:1.5     7%% +3 0xff 9   |") == 1);
    }
    setlocale(LC_ALL, "C");
}

/* NULL is the value, not a text, wherever a parameter's own text would stand. */
static void nulls(void)
{
    CHECK(strcmp(formatted("quote(\"%s\", %d)", no_text, 3), "quote(NULL, 3)") == 0);
    CHECK(strcmp(formatted("quote(\"a%s\", \"\")", no_text), "quote(\"a(null)\", \"\")") == 0);
    CHECK(maybe(NULL) == 1 && maybe("") == 2 && maybe("(null)") == 8);
    CHECK(swrcache_invalidate("maybe(\"%s\")", no_text) == 1 && maybe("") == 2 && outcome() == SWR_HIT);
    CHECK(maybe("(null)") == 8 && outcome() == SWR_HIT && maybe(NULL) == 1 && outcome() == SWR_MISS);
    CHECK(swrcache_invalidate("maybe(\"%s\")", "(null)") == 1 && swrcache_invalidate("maybe(%s)", "") == 1);
    CHECK(swrcache_invalidate(no_text, 1) + swrcache_expire(no_text, 1) + swrcache_emit(no_text, 1) == 0);
    CHECK(complained("NULL names nothing") && complained("an event's name: NULL"));
    CHECK(swrcache_invalidate("maybe(\"%ls\")", L"wide") == 0 && complained("is not one for targets"));
}

/* Two functions of one name, here one of them a dictionary: the one that it fits is meant. */
static void namesakes(void)
{
    swrcache_invalidate("quote");
    CHECK(swrcache_put("quote", "ACME", 4, "v", 1, 0) && swrcache_put("quote", "a\"\1", 3, "v", 1, 0));
    CHECK(quote("ACME", 1) == 5 && swrcache_invalidate("quote(\"%s\", %d)", "ACME", 1) == 1);
    CHECK(swrcache_has("quote", "ACME", 4) && swrcache_invalidate("quote(\"%s\")", "ACME") == 1);
    CHECK(!swrcache_has("quote", "ACME", 4) && swrcache_invalidate("quote(%s)", "a\"\1") == 1);
    CHECK(swrcache_put("quote", "ACME", 4, "v", 1, 0) && swrcache_invalidate("quote(x\"41434d45\")") == 1);
    CHECK(swrcache_put("quote", "ACME", 4, "v", 1, 0) && swrcache_put("quote", "B", 1, "v", 1, 0));
    CHECK(swrcache_invalidate("quote(\"AC*\")") == 1 && swrcache_invalidate("quote(!=\"A\")") == 1);
    CHECK(swrcache_invalidate("quote(1, 2, 3)") == 0 && swrcache_invalidate("quote(7)") == 0);
    CHECK(complained("quote(7): key is bytes: write x\"0a0b\", \"text\""));
}

/* What a secret function was called with is nowhere written down. */
static void secrets(void)
{
    struct audit_act act;
    CHECK(pin("alice") == 5 && swrcache_invalidate("pin(\"%s\")", "alice") == 1);
    CHECK(audit_find(audit_last(), &act) && strcmp((char *)act.text, "pin(***)") == 0 && act.matched == 1);
    CHECK(swrcache_invalidate("pin(\"%s\", 1)", "mallory") == 0 && complained("pin has 1 argument"));
    CHECK(swrcache_invalidate("pin(%d)", 4711) == 0 && complained("pin(***): who is a text"));
    CHECK(!complained("4711") && !complained("alice") && !complained("mallory"));
}

int main(int argc, char **argv)
{
    (void)argc;
    const char *null = getenv("SWR_NO_SUCH_VARIABLE");
    with_manual_clock(argv);
    CHECK(strcmp(formatted("quote(\"%s\", %d)", "a\"*", 3), "quote(\"a\\\"\\*\", 3)") == 0);
    CHECK(strcmp(formatted("quote(%s, %ld)", "x", 3L), "quote(\"x\", 3)") == 0);
    CHECK(strcmp(formatted("quote(%s)", null), "quote(NULL)") == 0);
    CHECK(strcmp(formatted("tag:user:%s", "a:b"), "tag:user:a\\:b") == 0);
    CHECK(strcmp(formatted("f(%.2f, %5d%%, '%c')", 1.5, 7, 'x'), "f(1.50,     7%, '\"x\"')") == 0 ||
          strcmp(formatted("f(%.2f)", 1.5), "f(1.50)") == 0);
    CHECK(strcmp(formatted("%.*s", 3, "abcdef"), "\\abc") == 0);
    fill();
    CHECK(swrcache_invalidate("quote(\"ACME\", 30)") == 1);
    CHECK(swrcache_invalidate("quote(\"AC*\", >=%d)", 30) == 3);
    CHECK(swrcache_invalidate("quote(*, !=10)") == 2 + 6);
    CHECK(swrcache_invalidate("quote(\"%s\", *)", "B*") == 1);
    CHECK(swrcache_invalidate("quote(\"B*\", <20)") == 1);
    CHECK(swrcache_invalidate("quote") == 2);
    fill();
    CHECK(swrcache_expire("all") == 16);
    CHECK(swrcache_invalidate("nothing_here") == 0 && complained("nothing_here"));
    CHECK(swrcache_invalidate("quote(1, 2, 3)") == 0 && complained("quote(1, 2, 3)"));
    CHECK(swrcache_invalidate("quote(\"open") == 0 && complained("never closed"));
    CHECK(swrcache_invalidate("tag:") == 0 && complained("no name"));
    scalars();
    fractions();
    lengths();
    data();
    tags();
    nulls();
    namesakes();
    secrets();
    return finish("targets");
}
