/* The language of targets from C: formats, patterns, predicates; what is wrong is told and does nothing. */
#include "../promises/promise.h"

#include "runtime/format.h"
#include "runtime/option.h"

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
    bool done = format_target(text, sizeof text, format, args, why, sizeof why);
    va_end(args);
    return done ? text : "refused";
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
    CHECK(strcmp(formatted("%.*s", 3, "abcdef"), "abc") == 0);
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
    return finish("targets");
}
