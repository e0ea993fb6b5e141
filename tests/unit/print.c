/* print.c - keys and values as C text. */
#include "unit.h"

#include <criterion/criterion.h>
#include <float.h>
#include <locale.h>

#include "core/print.h"

/* x87: ten bytes of value, six of nothing */
enum { WIDE = LDBL_MANT_DIG == 64 ? 10 : sizeof(long double) };

enum colour { RED = -1, GREEN = 2 };

struct quote_of {
    char symbol[6];
    short days;
    bool live;
    unsigned char raw[2];
};

SWR_STATIC_CACHED(double, scalars,
                  (SWR_VAL(bool, yes), SWR_VAL(char, c), SWR_VAL(signed char, tiny),
                   SWR_VAL(enum colour, hue), SWR_VAL(uint8_t, byte), SWR_VAL(long, big),
                   SWR_VAL(uint64_t, most), SWR_VAL(float, f), SWR_VAL(double, d), SWR_VAL(long double, l)))
{
    return yes + c + tiny + (int)hue + byte + (double)big + (double)most + (double)f + d + (double)l;
}

SWR_STATIC_CACHED_STRING(others, (SWR_STR(s), SWR_BYTES(data, n), SWR_VAL(int, n),
                                  SWR_STRUCT(struct quote_of, q, symbol, days, live, raw),
                                  SWR_OPAQUE(void *, context), SWR_OUT(int, out), SWR_OUT_BYTES(room, n)))
{
    *out = n != 0 && s != NULL && data != NULL && q != NULL && context != NULL && room != NULL;
    return NULL;
}

static char text[512];

static const char *printed(const char *name, const struct key_shape *shape, const struct swrcache_arg *args,
                           bool secret)
{
    static struct packed packed;
    struct print p;
    cr_assert(pack(&packed, shape, args));
    print_start(&p, text, sizeof text);
    print_key(&p, name, shape, &packed.key, secret);
    return text;
}

static const char *scalar(uint32_t cls, const void *bytes, size_t len)
{
    struct print p;
    print_start(&p, text, sizeof text);
    print_scalar(&p, cls, bytes, len);
    return text;
}

static const char *string(const char *bytes, size_t len)
{
    struct print p;
    print_start(&p, text, sizeof text);
    print_string(&p, (const unsigned char *)bytes, len);
    return text;
}

Test(print, scalars_by_their_class)
{
    struct key_shape shape = SHAPE(scalars);
    bool yes = true;
    char c = '\'';
    signed char tiny = -128;
    enum colour hue = RED;
    uint8_t byte = 255;
    long big = INT64_MIN;
    uint64_t most = UINT64_MAX;
    float f = 0.1f;
    double d = -1.5e300;
    long double l = 0.1L;
    struct swrcache_arg args[] = {VAL(yes), VAL(c),    VAL(tiny), VAL(hue), VAL(byte),
                                  VAL(big), VAL(most), VAL(f),    VAL(d),   VAL(l)};
    cr_assert_str_eq(printed("scalars", &shape, args, false),
                     "scalars(true, '\\'', -128, -1, 255, -9223372036854775808, 18446744073709551615, 0.1, "
                     "-1.5e+300, 0.1)");
}

Test(print, the_other_kinds)
{
    struct key_shape shape = SHAPE(others);
    struct quote_of q = {"ACME", -3, true, {0x0a, 0xff}};
    int n = 2, out;
    void *context = &n;
    char room[2];
    struct swrcache_arg args[] = {STR("a\"b"), BYTES("\x01\xfe", 2), VAL(n), VAL(q), VAL(context),
                                  VAL(out),    BYTES(room, 2)};
    cr_assert_str_eq(
        printed("others", &shape, args, false),
        "others(\"a\\\"b\", x\"01fe\", 2, {symbol=\"ACME\", days=-3, live=true, raw=x\"0aff\"}, _, "
        "_, _[2])");
    cr_assert_str_eq(printed("others", &shape, args, true), "others(***)");
    n = 0;
    struct swrcache_arg nulls[] = {STR(NULL),    BYTES(NULL, 0), VAL(n),        {NULL, sizeof q},
                                   VAL(context), VAL(out),       BYTES(NULL, 0)};
    cr_assert_str_eq(printed("others", &shape, nulls, false), "others(NULL, NULL, 0, NULL, _, _, _[0])");
}

Test(print, pointers_and_odd_sizes)
{
    void *null = NULL;
    uint64_t address = 0x1f00;
    unsigned char three[3] = {1, 2, 3};
    cr_assert_str_eq(scalar(SWRCACHE_CLASS_POINTER, &null, sizeof null), "NULL");
    cr_assert_str_eq(scalar(SWRCACHE_CLASS_POINTER, &address, 8), "0x1f00");
    cr_assert_str_eq(scalar(SWRCACHE_CLASS_BYTES, three, 3), "x\"010203\"");
    cr_assert_str_eq(scalar(SWRCACHE_CLASS_BYTES, three, 0), "x\"\"");
    cr_assert_str_eq(scalar(SWRCACHE_CLASS_FLOAT, three, 3), "x\"010203\"", "no float has three bytes");
}

Test(print, characters_are_escaped_as_in_c)
{
    cr_assert_str_eq(string("", 0), "\"\"");
    cr_assert_str_eq(string("a\n\t\r\\\"'", 7), "\"a\\n\\t\\r\\\\\\\"'\"");
    cr_assert_str_eq(string("\0\001\033\177", 4), "\"\\000\\001\\033\\177\"");
    cr_assert_str_eq(string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9),
                     "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

/* A terminal must not get control characters, nor what only looks like UTF-8. */
Test(print, what_is_not_utf8_is_escaped)
{
    static const struct {
        const char *bytes, *printed;
    } cases[] = {
        {"\x80", "\"\\200\""},                            /* no beginning */
        {"\xc3", "\"\\303\""},                            /* no end */
        {"\xc3z", "\"\\303z\""},                          /* no continuation */
        {"\xc0\xaf", "\"\\300\\257\""},                   /* too long for what it says */
        {"\xe0\x9f\xbf", "\"\\340\\237\\277\""},          /* likewise */
        {"\xf0\x8f\xbf\xbf", "\"\\360\\217\\277\\277\""}, /* likewise */
        {"\xe0\x80\xaf", "\"\\340\\200\\257\""},          /* likewise */
        {"\xed\xa0\x80", "\"\\355\\240\\200\""},          /* half a surrogate pair */
        {"\xf4\x90\x80\x80", "\"\\364\\220\\200\\200\""}, /* past the last character */
        {"\xc2\x9b", "\"\\302\\233\""},                   /* a control of the terminal */
        {"\xff\xfe", "\"\\377\\376\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_str_eq(string(cases[i].bytes, strlen(cases[i].bytes)), cases[i].printed);
}

Test(print, floats_come_back_as_they_were)
{
    uint64_t seed = 5;
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = chance(&seed);
        double d;
        float f;
        memcpy(&d, &bits, sizeof d);
        memcpy(&f, &bits, sizeof f);
        if (d == d)
            cr_assert_eq(strtod(scalar(SWRCACHE_CLASS_FLOAT, &d, sizeof d), NULL), d);
        if (f == f)
            cr_assert_eq(strtof(scalar(SWRCACHE_CLASS_FLOAT, &f, sizeof f), NULL), f);
    }
}

/* What follows the end of a text in an array is part of the key that it is printed of. */
Test(print, arrays_of_characters_are_printed_to_their_last)
{
    cr_assert_str_eq(scalar(SWRCACHE_CLASS_CHAR, "Ulm\0\0\0", 6), "\"Ulm\"");
    cr_assert_str_eq(scalar(SWRCACHE_CLASS_CHAR, "Ulm\0x\0", 6), "\"Ulm\\000x\"");
    cr_assert_str_eq(scalar(SWRCACHE_CLASS_CHAR, "\0\0\0\0\0\0", 6), "\"\"");
    cr_assert_str_eq(scalar(SWRCACHE_CLASS_CHAR, "Berlin", 6), "\"Berlin\"");
}

/* Each text stands for one key: the sign of nothing counts, and the bits of what is no number. */
Test(print, zeros_and_what_is_no_number_are_told_apart)
{
    double zero = 0, negative = -0.0, nan = __builtin_nan(""), other = __builtin_nan("3");
    float narrow = -__builtin_nanf("");
    long double wide = -__builtin_nanl(""), strange = __builtin_nanl("3");
    cr_assert_str_eq(scalar(SWRCACHE_CLASS_FLOAT, &zero, sizeof zero), "0");
    cr_assert_str_eq(scalar(SWRCACHE_CLASS_FLOAT, &negative, sizeof negative), "-0");
    cr_assert_str_eq(scalar(SWRCACHE_CLASS_FLOAT, &nan, sizeof nan), "nan");
    cr_assert_str_eq(scalar(SWRCACHE_CLASS_FLOAT, &narrow, sizeof narrow), "-nan");
    cr_assert_str_eq(scalar(SWRCACHE_CLASS_FLOAT, &wide, WIDE), "-nan");
    const char *bytes = scalar(SWRCACHE_CLASS_FLOAT, &other, sizeof other);
    cr_assert(strncmp(bytes, "x\"", 2) == 0 && strlen(bytes) == 2 + 16 + 1, "%s", bytes);
    bytes = scalar(SWRCACHE_CLASS_FLOAT, &strange, WIDE);
    cr_assert(strncmp(bytes, "x\"", 2) == 0 && strlen(bytes) == 2 + 2 * WIDE + 1, "%s", bytes);
}

Test(print, values_are_followed_by_the_out_parameters)
{
    struct key_shape shape = SHAPE(others);
    struct quote_of q = {0};
    int n = 2, out;
    void *context = NULL;
    char room[2];
    struct swrcache_arg args[] = {STR("s"),     BYTES("ab", 2), VAL(n),        VAL(q),
                                  VAL(context), VAL(out),       BYTES(room, 2)};
    static struct packed packed;
    struct print p;
    static const unsigned char value[] = "\1\0\0\0zzthe answer";
    cr_assert(pack(&packed, &shape, args));
    print_start(&p, text, sizeof text);
    print_value(&p, SITE(others), &shape, &packed.key, value, sizeof value, false);
    cr_assert_str_eq(text, "\"the answer\" {out=1, room=x\"7a7a\"}");
    print_start(&p, text, sizeof text);
    print_value(&p, SITE(others), &shape, &packed.key, value, 6, true);
    cr_assert_str_eq(text, "NULL {out=1, room=x\"7a7a\"}");
    print_start(&p, text, sizeof text);
    print_value(&p, SITE(others), &shape, &packed.key, value, 3, false);
    cr_assert_str_eq(text, "", "shorter than its out-parameters: nothing is read");
}

Test(print, is_cut_between_characters_and_always_ended)
{
    static const char money[] = "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\n\n\n\n";
    char small[40];
    for (size_t room = 4; room <= sizeof small; room++) {
        struct print p;
        memset(small, 'Z', sizeof small);
        print_start(&p, small, room);
        print_string(&p, (const unsigned char *)money, sizeof money - 1);
        size_t len = strnlen(small, sizeof small);
        cr_assert_lt(len, room);
        cr_assert_eq(len, p.len);
        cr_assert(room == sizeof small || small[room] == 'Z', "nothing is written outside");
        if (p.cut) {
            cr_assert(len >= 3 && strcmp(small + len - 3, "...") == 0);
            cr_assert_eq((len - 3) > 0 ? (len - 4) % 3 * (len < 16) : 0, 0, "half a character at %zu", room);
        }
        print_text(&p, "more");
        cr_assert_eq(strnlen(small, sizeof small), p.len);
    }
}
