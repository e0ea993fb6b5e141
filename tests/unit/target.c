/* target.c - what a target means, and what is said when it means nothing. */
#include "unit.h"

#include <criterion/criterion.h>
#include <math.h>

#include "core/print.h"
#include "core/target.h"

SWR_STATIC_CACHED(double, quote, (SWR_STR(symbol), SWR_VAL(int, days)))
{
    return symbol != NULL ? days : 0;
}

SWR_STATIC_CACHED(int, ratio, (SWR_VAL(double, x), SWR_VAL(char, c), SWR_VAL(bool, b)))
{
    return x > 0 && c && b;
}

SWR_STATIC_CACHED(int, look_up, (SWR_OPAQUE(void *, db), SWR_STR(name), SWR_OUT(int, out)))
{
    *out = name != NULL;
    return db != NULL;
}

SWR_STATIC_CACHED(int, blob, (SWR_BYTES(data, n), SWR_VAL(size_t, n)))
{
    return data != NULL && n != 0;
}

SWR_STATIC_CACHED(int, near,
                  (SWR_QUANTISED(double, lat, 0.01), SWR_QUANTISED(float, lon, 0.5f),
                   SWR_QUANTISED(short, height, 100), SWR_QUANTISED(unsigned long, when, 60),
                   SWR_QUANTISED(long double, x, 0.1L)))
{
    return lat > 0 && lon > 0 && height && when && x > 0;
}

static struct target target;
static char error[256];

static bool means_quote(const char *text, const char *symbol, int days)
{
    struct key_shape shape = SHAPE(quote);
    struct swrcache_arg args[] = {STR(symbol), VAL(days)};
    static struct packed packed;
    cr_assert(target_parse(&target, text, error, sizeof error), "%s: %s", text, error);
    cr_assert(target_fits(&target, &shape, error, sizeof error), "%s: %s", text, error);
    cr_assert(pack(&packed, &shape, args));
    return target_matches(&target, &shape, &packed.key);
}

static bool means_ratio(const char *text, double x, char c, bool b)
{
    struct key_shape shape = SHAPE(ratio);
    struct swrcache_arg args[] = {VAL(x), VAL(c), VAL(b)};
    static struct packed packed;
    cr_assert(target_parse(&target, text, error, sizeof error), "%s: %s", text, error);
    cr_assert(pack(&packed, &shape, args));
    return target_matches(&target, &shape, &packed.key);
}

static const char *refused(const char *text)
{
    strcpy(error, "nothing said");
    return target_parse(&target, text, error, sizeof error) ? "accepted" : error;
}

Test(target, all_and_a_whole_function)
{
    cr_assert(target_parse(&target, "all", error, sizeof error));
    cr_assert_eq(target.kind, TARGET_ALL);
    cr_assert(target_parse(&target, "  quote  ", error, sizeof error));
    cr_assert_eq(target.kind, TARGET_FUNCTION);
    cr_assert_str_eq(target.name, "quote");
    cr_assert(target_parse(&target, "all_of_it", error, sizeof error));
    cr_assert_eq(target.kind, TARGET_FUNCTION);
}

Test(target, a_call_in_any_spacing)
{
    cr_assert(means_quote("quote(\"ACME\", 3)", "ACME", 3));
    cr_assert(means_quote("quote(\"ACME\",3)", "ACME", 3));
    cr_assert(means_quote("  quote(  \"ACME\"  ,  3  )  ", "ACME", 3));
    cr_assert_not(means_quote("quote(\"ACME\", 3)", "ACME", 4));
    cr_assert_not(means_quote("quote(\"ACME\", 3)", "ACM", 3));
    cr_assert_not(means_quote("quote(\"ACME\", 3)", "acme", 3));
    cr_assert_eq(target.kind, TARGET_CALL);
    cr_assert_eq(target.nargs, 2);
    cr_assert_str_eq(target.args[0], "\"ACME\"");
}

Test(target, commas_and_brackets_in_strings_are_text)
{
    cr_assert(means_quote("quote(\"a, b)\", 3)", "a, b)", 3));
    cr_assert(means_quote("quote(\"say \\\"hi\\\"\", 3)", "say \"hi\"", 3));
    cr_assert(means_quote("quote(\"{\", 3)", "{", 3));
    cr_assert(means_quote("quote(\"a\\nb\", 3)", "a\nb", 3));
    cr_assert(means_quote("quote(\"\\\\\", 3)", "\\", 3));
}

Test(target, null_is_not_a_string_of_that_name)
{
    cr_assert(means_quote("quote(NULL, 3)", NULL, 3));
    cr_assert_not(means_quote("quote(NULL, 3)", "NULL", 3));
    cr_assert_not(means_quote("quote(\"NULL\", 3)", NULL, 3));
    cr_assert_not(means_quote("quote(\"\", 3)", NULL, 3));
    cr_assert(means_quote("quote(*, 3)", NULL, 3));
}

Test(target, patterns)
{
    cr_assert(means_quote("quote(\"AC*\", *)", "ACME", 99));
    cr_assert(means_quote("quote(\"AC*\", *)", "AC", 99));
    cr_assert_not(means_quote("quote(\"AC*\", *)", "BACME", 99));
    cr_assert(means_quote("quote(\"*\", *)", "", 0));
    cr_assert_not(means_quote("quote(\"*\", *)", NULL, 0));
    cr_assert(means_quote("quote(\"A?M*\", 3)", "ACME", 3));
    cr_assert(means_quote("quote(\"*.com\", 3)", "a.b.com", 3));
    cr_assert_not(means_quote("quote(\"*.com\", 3)", "a.community", 3));
    cr_assert(means_quote("quote(*, 1*)", "x", 123));
    cr_assert_not(means_quote("quote(*, 1*)", "x", 213));
}

Test(target, stars_and_question_marks_can_be_meant)
{
    cr_assert(means_quote("quote(\"why?\", 3)", "why?", 3));
    cr_assert_not(means_quote("quote(\"why?\", 3)", "whyx", 3), "without a star ? is itself");
    cr_assert(means_quote("quote(\"a\\*b\", 3)", "a*b", 3));
    cr_assert_not(means_quote("quote(\"a\\*b\", 3)", "axb", 3));
    cr_assert(means_quote("quote(\"a\\?*\", 3)", "a?b", 3));
    cr_assert_not(means_quote("quote(\"a\\?*\", 3)", "axb", 3));
}

Test(target, a_sign_stands_for_whole_characters)
{
    static const char *const one[] = {
        "x", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x90\x84", "\"", "\n", "\\", "\377", "\001", "*", "?", "7"};
    static const char *const more[] = {"", "xx", "\xC3\xA9x", "\n7", "\377\377", "\\n"};
    char symbol[16];
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        snprintf(symbol, sizeof symbol, "a%sb", one[i]);
        cr_assert(means_quote("quote(\"a?b*\", 3)", symbol, 3), "'%s' is one character", symbol);
        cr_assert(means_quote("quote(\"*?b\", 3)", symbol, 3), "'%s' is one character", symbol);
        cr_assert(means_quote("quote(\"*a*?*b\", 3)", symbol, 3), "'%s' is one character", symbol);
        cr_assert_not(means_quote("quote(\"a??b*\", 3)", symbol, 3), "'%s' is no two", symbol);
    }
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        snprintf(symbol, sizeof symbol, "a%sb", more[i]);
        cr_assert_not(means_quote("quote(\"a?b*\", 3)", symbol, 3), "'%s' is not one character", symbol);
        cr_assert(means_quote("quote(\"a*b\", 3)", symbol, 3));
    }
    /* A * ends between characters, not within what one is printed as. */
    cr_assert_not(means_quote("quote(\"*n\", 3)", "a\n", 3), "no n but a new line");
    cr_assert_not(means_quote("quote(\"*7\", 3)", "a\377", 3), "no 7");
    cr_assert_not(means_quote("quote(\"*\\\"\", 3)", "a\\", 3), "no quote but a backslash");
    cr_assert(means_quote("quote(\"*\\\\\", 3)", "a\\", 3));
    cr_assert(means_quote("quote(\"*\\377\", 3)", "a\377", 3));
    cr_assert_not(means_quote("quote(\"*\\3?7\", 3)", "a\377", 3), "nor ? for a digit of an escape");
    cr_assert_not(target_glob("*\xA9", "\xC3\xA9"), "half a character is none");
    cr_assert(target_glob("\\*?", "*\\377"));
}

/* As a target, and where keys are searched by their text. */
static bool prints_as_itself(const char *symbol, const char *other)
{
    struct key_shape shape = SHAPE(quote);
    struct swrcache_arg args[] = {STR(symbol), VAL((int){3})};
    static struct packed packed;
    struct print p;
    char text[128];
    cr_assert(pack(&packed, &shape, args));
    print_start(&p, text, sizeof text);
    print_key(&p, "quote", &shape, &packed.key, false);
    return means_quote(text, symbol, 3) && !means_quote(text, other, 3) && target_glob(text, text);
}

Test(target, what_is_printed_of_a_key_means_that_key_alone)
{
    cr_assert(prints_as_itself("AC*", "ACME"));
    cr_assert(prints_as_itself("*", ""));
    cr_assert(prints_as_itself("\\*", "\\\\"));
    cr_assert(prints_as_itself("a*?", "a*b"));
    cr_assert(prints_as_itself("??", "AC"));
    cr_assert(means_ratio("ratio(1, '\\*', true)", 1, '*', true));
    cr_assert_not(means_ratio("ratio(1, '\\*', true)", 1, 'x', true));
}

Test(target, numbers_compare_as_numbers)
{
    cr_assert(means_quote("quote(\"a\", 03)", "a", 3));
    cr_assert(means_quote("quote(\"a\", 0x10)", "a", 16));
    cr_assert(means_quote("quote(\"a\", +3)", "a", 3));
    cr_assert(means_ratio("ratio(2.50, 'x', true)", 2.5, 'x', true));
    cr_assert(means_ratio("ratio(1e3, 'x', true)", 1000, 'x', true));
    cr_assert(means_ratio("ratio(*, '0', false)", 0, '0', false));
    cr_assert_not(means_ratio("ratio(*, 0, *)", 0, '0', false), "a character is not a number");
    cr_assert(means_ratio("ratio(*, ',', *)", 0, ',', false));
    cr_assert(means_ratio("ratio(*, ')', *)", 0, ')', false));
}

/* What is printed of a key, used as a target, means that key and no other. */
Test(target, each_float_is_meant_by_what_is_printed_of_it)
{
    struct key_shape shape = SHAPE(ratio);
    const double all[] = {0,
                          -0.0,
                          5e-324,
                          -5e-324,
                          1,
                          0.1,
                          0x1p60,
                          1 / 3.,
                          -1e300,
                          INFINITY,
                          -INFINITY,
                          __builtin_nan(""),
                          -__builtin_nan(""),
                          __builtin_nan("3"),
                          -__builtin_nan("7")};
    const size_t count = sizeof all / sizeof *all;
    for (size_t i = 0; i < count; i++) {
        double x = all[i];
        char c = 'x', text[200];
        bool b = true;
        struct swrcache_arg args[] = {VAL(x), VAL(c), VAL(b)};
        static struct packed packed;
        struct print p;
        cr_assert(pack(&packed, &shape, args));
        print_start(&p, text, sizeof text);
        print_key(&p, "ratio", &shape, &packed.key, false);
        for (size_t j = 0; j < count; j++)
            cr_assert_eq(means_ratio(text, all[j], c, b), i == j, "%s, the %zuth", text, j);
        cr_assert(target_fits(&target, &shape, error, sizeof error), "%s: %s", text, error);
    }
    cr_assert(means_ratio("ratio(-0.00, *, *)", -0.0, 'x', true));
    cr_assert(means_ratio("ratio(0e9, *, *)", 0, 'x', true));
    cr_assert(means_ratio("ratio(>=0, *, *)", -0.0, 'x', true), "of numbers they are equal");
    cr_assert(means_quote("quote(*, -0)", "x", 0), "whole numbers have one");
}

/* Whatever the argument: what a pattern means and what its != means are all there is. */
Test(target, not_is_the_rest)
{
    static const char *const words[] = {"\"ACME\"", "\"AC*\"", "NULL", "*"};
    static const char *const symbols[] = {"ACME", "AC", "BETA", "", NULL};
    static const char *const numbers[] = {"0", "-0", "1", "nan", "1*", "1e3"};
    static const double values[] = {0, -0.0, 1, 1000, __builtin_nan("")};
    char is[64], is_not[64];
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
            snprintf(is, sizeof is, "quote(%s, 3)", words[w]);
            snprintf(is_not, sizeof is_not, "quote(!=%s, 3)", words[w]);
            cr_assert(means_quote(is, symbols[i], 3) != means_quote(is_not, symbols[i], 3), "%s", is);
        }
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            snprintf(is, sizeof is, "ratio(%s, *, *)", numbers[n]);
            snprintf(is_not, sizeof is_not, "ratio(!=%s, *, *)", numbers[n]);
            cr_assert(means_ratio(is, values[i], 'x', true) != means_ratio(is_not, values[i], 'x', true),
                      "%s of %g", is, values[i]);
        }
    cr_assert_not(means_ratio("ratio(*, *, !=1)", 1, 'x', true));
    static char longer[10000];
    memset(longer, 'a', sizeof longer - 1);
    cr_assert(means_quote("quote(!=\"a\", 3)", longer, 3));
    cr_assert_not(means_quote("quote(!=\"a*\", 3)", longer, 3));
    cr_assert(means_quote("quote(!=\"b*\", 3)", longer, 3));
}

Test(target, bytes_may_be_asked_for_as_text)
{
    struct key_shape shape = SHAPE(blob);
    size_t n = 3;
    struct swrcache_arg args[] = {BYTES("abc", 3), VAL(n)};
    static struct packed packed;
    cr_assert(pack(&packed, &shape, args));
    cr_assert(target_parse(&target, "blob(\"abc\", 3)", error, sizeof error));
    cr_assert(target_matches(&target, &shape, &packed.key));
    cr_assert(target_parse(&target, "blob(!=\"abc\", 3)", error, sizeof error));
    cr_assert_not(target_matches(&target, &shape, &packed.key));
    cr_assert(target_parse(&target, "blob(!=\"abd\", 3)", error, sizeof error));
    cr_assert(target_matches(&target, &shape, &packed.key));
}

Test(target, what_is_not_in_the_key_may_be_left_out)
{
    struct key_shape shape = SHAPE(look_up);
    int value = 1, out;
    void *db = &value;
    struct swrcache_arg args[] = {VAL(db), STR("bob"), VAL(out)};
    static struct packed packed;
    static const char *const same[] = {"look_up(\"bob\")", "look_up(_, \"bob\", _)", "look_up(*, \"b*\", *)"};
    cr_assert(pack(&packed, &shape, args));
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        cr_assert(target_parse(&target, same[i], error, sizeof error), "%s", error);
        cr_assert(target_fits(&target, &shape, error, sizeof error), "%s", error);
        cr_assert(target_matches(&target, &shape, &packed.key), "%s", same[i]);
    }
    cr_assert_null(target_argument(&(struct target){.kind = TARGET_CALL, .nargs = 1}, &shape, 0));
    cr_assert(target_parse(&target, "look_up(\"bob\", 2)", error, sizeof error));
    cr_assert_not(target_fits(&target, &shape, error, sizeof error));
    cr_assert(strstr(error, "look_up has 1 argument, not 2; write look_up(name)") != NULL, "%s", error);
}

/* What no argument of that type could ever match is a mistake; it is not repeated, for it may be a secret. */
Test(target, what_can_match_nothing_is_told)
{
    static const struct {
        const char *text, *why;
    } wrong[] = {
        {"quote(ACME, 3)", "symbol is a text: write it in double quotes"},
        {"quote(AC*, 3)", "symbol is a text"},
        {"quote(3, 3)", "symbol is a text"},
        {"quote(>=3, 3)", "symbol is no number"},
        {"quote(!=ACME, 3)", "symbol is a text"},
        {"quote(\"a\", 3x)", "days is a number: write one"},
        {"quote(\"a\", \"3\")", "days is a number"},
        {"quote(\"a\", >=x)", "days is a number: behind the sign"},
        {"quote(\"a\", !=x)", "days is a number"},
        {"quote(\"a\", <)", "days is a number: behind the sign"},
    };
    static const char *const right[] = {"quote(*, *)",      "quote(NULL, 3)",        "quote(!=NULL, 3)",
                                        "quote(\"3\", 1*)", "quote(*A*, <= -3.5)",   "quote(!=\"A*\", 0x10)",
                                        "quote(?A*, >1e3)", "quote(\"x\", !=00017)", "quote(*, nan)"};
    struct key_shape shape = SHAPE(quote);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_assert(target_parse(&target, wrong[i].text, error, sizeof error), "%s: %s", wrong[i].text, error);
        cr_assert_not(target_fits(&target, &shape, error, sizeof error), "%s", wrong[i].text);
        cr_assert(strstr(error, wrong[i].why) != NULL, "%s: %s", wrong[i].text, error);
        cr_assert(strstr(error, "ACME") == NULL && strstr(error, "3x") == NULL, "%s", error);
    }
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        cr_assert(target_parse(&target, right[i], error, sizeof error), "%s: %s", right[i], error);
        cr_assert(target_fits(&target, &shape, error, sizeof error), "%s: %s", right[i], error);
    }
}

Test(target, likeness_names_the_first_difference)
{
    struct key_shape shape = SHAPE(quote);
    int days = 4;
    uint32_t differs;
    struct swrcache_arg args[] = {STR("ACME"), VAL(days)};
    static struct packed packed;
    cr_assert(pack(&packed, &shape, args));
    cr_assert(target_parse(&target, "quote(\"ACME\", 3)", error, sizeof error));
    cr_assert_eq(target_likeness(&target, &shape, &packed.key, &differs), 1);
    cr_assert_eq(differs, 1);
    cr_assert(target_parse(&target, "quote(\"X\", 4)", error, sizeof error));
    cr_assert_eq(target_likeness(&target, &shape, &packed.key, &differs), 1);
    cr_assert_eq(differs, 0);
    cr_assert(target_parse(&target, "quote(*, 4)", error, sizeof error));
    cr_assert_eq(target_likeness(&target, &shape, &packed.key, &differs), 2);
    cr_assert_eq(differs, 2);
}

Test(target, mistakes_are_told_with_place_and_cure)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "write all, a function, or a call"},
        {"   ", "write all, a function, or a call"},
        {"3quote", "at character 1"},
        {"quote(", "end the arguments with )"},
        {"quote(1, ", "end the arguments with )"},
        {"quote(1, )", "write * for any"},
        {"quote(,1)", "write * for any"},
        {"quote(\"a)", "is never closed"},
        {"quote('a)", "is never closed"},
        {"quote(\"aaaa...", "write * for the rest"},
        {"quote({a=1)", "a { without }"},
        {"quote(a})", "a } without {"},
        {"quote(1) x", "text after )"},
        {"quote(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25)", "at most 24"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *said = refused(cases[i].text);
        cr_assert(strstr(said, cases[i].says) != NULL, "'%s': %s", cases[i].text, said);
    }
    static char long_text[TARGET_TEXT_MAX + 10];
    memset(long_text, 'a', sizeof long_text - 1);
    cr_assert(strstr(refused(long_text), "too long") != NULL);
    cr_assert_not(target_parse(&target, "quote(", error, 8), "a small buffer for the error is ended too");
    cr_assert_lt(strlen(error), 8);
}

Test(target, globs_do_not_take_for_ever)
{
    char text[2000];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = 0;
    cr_assert_not(target_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
    cr_assert(target_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a", text));
    cr_assert(target_glob("**", ""));
    cr_assert(target_glob("", ""));
    cr_assert_not(target_glob("?", ""));
    cr_assert_not(target_glob("a", ""));
    cr_assert_not(target_glob("", "a"));
}

/* The entry of near(50, 13.5, -200, 120, 0.3), by what a call may be made with. */
static bool means_near(const char *text)
{
    struct key_shape shape = SHAPE(near);
    struct bits bits;
    double lat = 50;
    float lon = 13.5f;
    short height = -200;
    unsigned long when = 120;
    long double x = 3 * 0.1L;
    struct swrcache_arg args[] = {VAL(lat), VAL(lon), VAL(height), VAL(when), VAL(x)};
    static struct packed packed;
    cr_assert(bits_of(&bits, SITE(near)));
    shape.bits = &bits;
    cr_assert(target_parse(&target, text, error, sizeof error), "%s: %s", text, error);
    cr_assert(target_fits(&target, &shape, error, sizeof error), "%s: %s", text, error);
    cr_assert(pack(&packed, &shape, args));
    uint32_t differs;
    cr_assert_eq(target_likeness(&target, &shape, &packed.key, &differs) == 5,
                 target_matches(&target, &shape, &packed.key));
    return target_matches(&target, &shape, &packed.key);
}

Test(target, numbers_are_rounded_as_a_call_rounds_them)
{
    cr_assert(means_near("near(50, 13.5, -200, 120, 0.3)"));
    cr_assert(means_near("near(50.004, 13.99, -101, 179, 0.3999)"));
    cr_assert(means_near("near(50.0, 13.5, -200, 120, 0.30000)"));
    cr_assert_not(means_near("near(49.9999, 13.5, -200, 120, 0.3)"));
    cr_assert_not(means_near("near(50.01, 13.5, -200, 120, 0.3)"));
    cr_assert_not(means_near("near(50, 14, -200, 120, 0.3)"));
    cr_assert_not(means_near("near(50, 13.5, -100, 120, 0.3)"));
    cr_assert_not(means_near("near(50, 13.5, -201, 120, 0.3)"));
    cr_assert_not(means_near("near(50, 13.5, 99999, 120, 0.3)"), "no short");
    cr_assert_not(means_near("near(50, 13.5, -150.5, 120, 0.3)"), "nor this");
    cr_assert_not(means_near("near(50, 13.5, -200, -1, 0.3)"));
    cr_assert_not(means_near("near(50, 13.5, -200, 180, 0.3)"));
    cr_assert_not(means_near("near(50, 13.5, -200, 120, 0.4)"));
    cr_assert_not(means_near("near(!=50.004, *, *, *, *)"));
    cr_assert(means_near("near(!=50.01, *, *, *, *)"));
    cr_assert(means_near("near(<50.004, *, *, *, *)"), "signs are about the numbers in keys");
    cr_assert_not(means_near("near(>=50.004, *, *, *, *)"));
}

Test(target, names_of_other_things)
{
    static const struct {
        const char *text;
        enum target_kind kind;
        const char *name;
    } cases[] = {
        {"region:shop.stock", TARGET_REGION, "shop.stock"},
        {"tag:user:42", TARGET_TAG, "user:42"},
        {" event:user.saved ", TARGET_EVENT, "user.saved"},
        {"tag:a\\:b\\\\c\\*", TARGET_TAG, "a:b\\c*"},
        {"tag:a\\ ", TARGET_TAG, "a "},
        {"tags", TARGET_FUNCTION, "tags"},
        {"\\all", TARGET_FUNCTION, "all"},
        {"all", TARGET_ALL, "all"},
        {"shop.notes", TARGET_FUNCTION, "shop.notes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert(target_parse(&target, cases[i].text, error, sizeof error), "%s: %s", cases[i].text, error);
        cr_assert_eq(target.kind, cases[i].kind, "%s", cases[i].text);
        cr_assert_str_eq(target.name, cases[i].name);
    }
    cr_assert(strstr(refused("tag:"), "no name") != NULL);
    cr_assert(strstr(refused("region:"), "no name") != NULL);
}
