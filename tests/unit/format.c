/* format.c - targets by printf: what comes in through the format is data, never syntax. */
#include <criterion/criterion.h>

#include "unit.h"

#include "runtime/verb/format.h"
#include "core/target.h"

enum { ROOM = 200 };

static char made[ROOM], error[256];

SWR_STATIC_CACHED(int, lookup, (SWR_STR(name)))
{
    return name != NULL;
}

/* Also where a format is wrong on purpose. */
static enum format_result target_of(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    memset(made, '!', sizeof made);
    error[0] = 0;
    enum format_result r = format_target(made, sizeof made, format, args, error, sizeof error);
    va_end(args);
    return r;
}

static bool name_of(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool good = format_name(made, sizeof made, format, args, error, sizeof error);
    va_end(args);
    return good;
}

#define EXPECT(text, ...)                                                                                    \
    do {                                                                                                     \
        cr_expect_eq(target_of(__VA_ARGS__), FORMAT_DONE, "%s", error);                                      \
        cr_expect_str_eq(made, text);                                                                        \
    } while (0)

Test(format, without_directives_stays)
{
    static const char *const texts[] = {
        "",        "all", "quote", "quote(\"IBM\", *)", "region:shop.stock", "tag:a\\*b", "quote(\"a\\\"b\")",
        "f('\\'')"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        EXPECT(texts[i], texts[i]);
    EXPECT("tag:50%", "tag:50%%");
}

Test(format, numbers_go_in_as_they_are)
{
    EXPECT("f(-7, 7, ff, 017)", "f(%d, %u, %x, %#o)", -7, 7u, 255, 15);
    EXPECT("f(-9223372036854775808)", "f(%ld)", INT64_MIN);
    EXPECT("f(18446744073709551615)", "f(%zu)", SIZE_MAX);
    EXPECT("f(-1)", "f(%hhd)", 255);
    EXPECT("tag:user:00042", "tag:user:%05d", 42);
    EXPECT("f(   42, 42   )", "f(%5d, %*d)", 42, -5, 42);
}

Test(format, number_with_a_point_is_that_number)
{
    EXPECT("f(0.3333333333333333)", "f(%f)", 1 / 3.0);
    EXPECT("f(0.1, 1)", "f(%f, %g)", 0.1, 1.0);
    EXPECT("f(1e+300)", "f(%Lf)", 1e300L);
}

Test(format, precision_is_what_is_wanted)
{
    EXPECT("f(0.33)", "f(%.2f)", 1 / 3.0);
    EXPECT("f(0.333333 )", "f(%f )", 1 / 3.0);
    EXPECT("f(\"0.333333\")", "f(\"%f\")", 1 / 3.0);
    EXPECT("tag:at:0.333333", "tag:at:%f", 1 / 3.0);
}

Test(format, text_among_arguments_is_quoted)
{
    EXPECT("f(\"IBM\")", "f(%s)", "IBM");
    EXPECT("f(\"IBM\")", "f(\"%s\")", "IBM");
    EXPECT("f(\"a\\\"b\", 1)", "f(%s, %d)", "a\"b", 1);
    EXPECT("f(\"a\\\"b\")", "f(\"%s\")", "a\"b");
    EXPECT("f(\"\\*\\?\")", "f(%s)", "*?");
    EXPECT("f(\"x\\*y*\")", "f(\"x%sy*\")", "*");
    EXPECT("f(\"back\\\\slash\")", "f(%s)", "back\\slash");
    EXPECT("f(\"),\")", "f(%s)", "),");
}

Test(format, text_elsewhere_is_escaped)
{
    EXPECT("tag:user\\:4\\ 2_\\*", "tag:%s", "user:4 2_*");
    EXPECT("region:shop\\.eu", "region:%s", "shop.eu");
    EXPECT("\\all", "%s", "all");
    EXPECT("\\all\\(\\)", "%s", "all()");
}

Test(format, null_is_the_value_where_it_is_all_of_an_argument)
{
    const char *null = NULL;
    EXPECT("f(NULL)", "f(%s)", null);
    EXPECT("f(NULL, 1)", "f(\"%s\", %d)", null, 1);
    EXPECT("f(\"x(null)\")", "f(\"x%s\")", null);
    EXPECT("f(\"(null)x\")", "f(\"%sx\")", null);
    EXPECT("tag:\\(null\\)", "tag:%s", null);
}

Test(format, character_is_one)
{
    EXPECT("f('a')", "f(%c)", 'a');
    EXPECT("f('\\'')", "f(%c)", '\'');
    EXPECT("f('\\'')", "f('%c')", '\'');
    EXPECT("tag:\\*", "tag:%c", '*');
}

/* The blanks are data too; a precision takes no more than it says, from a text that need not end. */
Test(format, widths_and_precisions_count)
{
    static const char open[3] = {'a', 'b', 'c'};
    EXPECT("f(\"  ab\")", "f(%4s)", "ab");
    EXPECT("f(\"ab  \")", "f(%-4s)", "ab");
    EXPECT("f(\"ab  \")", "f(%*s)", -4, "ab");
    EXPECT("f(\"abc\")", "f(%.3s)", open);
    EXPECT("f(\"ab\")", "f(%.*s)", 2, open);
    EXPECT("f(\"abcd\")", "f(%.*s)", -1, "abcd");
}

Test(format, wrong_directives_are_told_with_their_place)
{
    static const struct {
        const char *format;
        unsigned at;
    } cases[] = {{"f(%n)", 3},  {"%y", 1},      {"tag:%", 5}, {"tag:%d:%ls", 8},
                 {"f(%lc)", 3}, {"f(%1$d)", 3}, {"f(%m)", 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char place[40];
        snprintf(place, sizeof place, "at character %u ", cases[i].at);
        cr_expect_eq(target_of(cases[i].format, 7), FORMAT_WRONG, "%s", cases[i].format);
        cr_expect_not_null(strstr(error, place), "%s", error);
        cr_expect_not(format_sample(made, sizeof made, cases[i].format, error, sizeof error));
    }
    cr_expect_eq(target_of(NULL), FORMAT_WRONG);
    cr_expect_not_null(strstr(error, "NULL names nothing"));
}

Test(format, too_long_is_the_whole_function_where_that_contains_it)
{
    char lengthy[2 * ROOM];
    memset(lengthy, 'x', sizeof lengthy);
    lengthy[sizeof lengthy - 1] = 0;
    cr_expect_eq(target_of("f(%s, %d)", lengthy, 1), FORMAT_WHOLE);
    cr_expect_str_eq(made, "f");
    cr_expect_eq(target_of("f(%d, \"%s\")", 1, lengthy), FORMAT_WHOLE);
    cr_expect_str_eq(made, "f");
    cr_expect_eq(target_of("f(%*d)", 2 * ROOM, 1), FORMAT_WHOLE);
    cr_expect_str_eq(made, "f");
    cr_expect_eq(target_of("tag:%s", lengthy), FORMAT_WRONG, "no tag contains others");
    cr_expect_not_null(strstr(error, "longer than 199 characters"));
    cr_expect_eq(target_of("%s(1)", lengthy), FORMAT_WRONG, "of which function?");
    cr_expect_eq(target_of("tag:a(%s", lengthy), FORMAT_WRONG, "a tag with a parenthesis");
}

/* To the last character, and no byte behind the room is written. */
Test(format, fits_to_the_last)
{
    char text[ROOM], guarded[12];
    memset(text, 'x', sizeof text);
    text[ROOM - 5] = 0; /* and tag: */
    cr_expect_eq(target_of("tag:%s", text), FORMAT_DONE);
    cr_expect_eq(strlen(made), ROOM - 1);
    text[ROOM - 5] = 'x';
    text[ROOM - 4] = 0;
    cr_expect_eq(target_of("tag:%s", text), FORMAT_WRONG);
    for (size_t room = 1; room < sizeof guarded; room++) {
        memset(guarded, '!', sizeof guarded);
        cr_expect_eq(format_sample(guarded, room, "f(%s)", error, sizeof error), room > strlen("f(\"x\")"));
        cr_expect_eq(guarded[room], '!', "room %zu", room);
        cr_expect_not_null(memchr(guarded, 0, room));
    }
}

Test(format, sample_has_an_x_and_a_0)
{
    static const char *const cases[][2] = {{"f(%s, %d, %f, '%c')", "f(\"x\", 0, 0, 'x')"},
                                           {"tag:user:%s", "tag:user:x"},
                                           {"f(%*s)", "f(\"x\")"},
                                           {"%s", "\\x"},
                                           {"100%%", "100%"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect(format_sample(made, sizeof made, cases[i][0], error, sizeof error), "%s", error);
        cr_expect_str_eq(made, cases[i][1]);
    }
}

Test(format, name_by_itself_has_nothing_escaped)
{
    cr_expect(name_of("user:%s", "a*b \"c\""));
    cr_expect_str_eq(made, "user:a*b \"c\"");
    cr_expect(name_of("at(%.1f)", 0.25));
    cr_expect_str_eq(made, "at(0.2)");
    cr_expect_not(name_of("user:%n"));
}

/* Read as a target it means the call with that very text, and none with another. */
Test(format, any_text_names_its_call_alone)
{
    static const char letters[] = "ab\"'\\*?(),:=<>{}[] \t\n%\x01\x80\xc3\xa9";
    struct key_shape shape = SHAPE(lookup);
    struct packed own, other;
    char text[12] = "", before[12];
    uint64_t state = 7;
    for (int i = 0; i < 20000; i++) {
        struct target t;
        memcpy(before, text, sizeof before);
        size_t len = chance(&state) % sizeof text;
        for (size_t n = 0; n < len; n++)
            text[n] = letters[chance(&state) % (sizeof letters - 1)];
        text[len] = 0;
        const struct swrcache_arg args[] = {STR(text)}, others[] = {STR(before)};
        cr_assert(pack(&own, &shape, args) && pack(&other, &shape, others));
        cr_assert_eq(target_of(i % 2 == 0 ? "lookup(%s)" : "lookup(\"%s\")", text), FORMAT_DONE);
        cr_assert(target_parse(&t, made, error, sizeof error), "%s: %s", made, error);
        cr_assert(target_fits(&t, &shape, error, sizeof error), "%s: %s", made, error);
        cr_assert(target_matches(&t, &shape, &own.key), "%s", made);
        cr_assert_eq(target_matches(&t, &shape, &other.key), strcmp(text, before) == 0, "%s", made);
    }
}
