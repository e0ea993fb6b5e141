/*
 * Rounded arguments: a multiple of the step reaches the body as it is, anything else as the multiple below,
 * in every type and for every step one would write. With the fake runtime and without.
 */
#include <swrcache.h>

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int failures;

#define FAIL(...) (failures++ < 20 ? (void)printf(__VA_ARGS__) : (void)0)

/*
 * Of each type and step a function that returns what its body got, and what is true of it: of multiples as
 * they are computed and written, of what lies between, and of what is rounded twice.
 */
#define REAL(name, type, step)                                                                               \
    SWR_STATIC_CACHED(type, name, (SWR_QUANTISED(type, x, step)))                                            \
    {                                                                                                        \
        return x;                                                                                            \
    }                                                                                                        \
    static void check_##name(void)                                                                           \
    {                                                                                                        \
        for (int i = -40000; i <= 40000; i += i > -2000 && i < 2000 ? 1 : 37) {                              \
            type computed = i * step, next = (type)(i + 1) * (type)step, got = name(computed);               \
            type between = computed + (next - computed) / 2, below = name(between);                          \
            if (got != computed)                                                                             \
                FAIL(#name ": %d steps are %.17Lg, not %.17Lg\n", i, (long double)computed,                  \
                     (long double)got);                                                                      \
            if (name(got) != got)                                                                            \
                FAIL(#name ": %.17Lg is rounded once more\n", (long double)got);                             \
            if (below != computed && below != (type)((long double)i * (long double)step))                    \
                FAIL(#name ": %.17Lg is rounded to %.17Lg, not %.17Lg\n", (long double)between,              \
                     (long double)below, (long double)computed);                                             \
        }                                                                                                    \
    }

REAL(hundredths, double, 0.01)
REAL(tenths, double, 0.1)
REAL(twentieths, double, 0.05)
REAL(thousandths, double, 1e-3)
REAL(millionths, double, 1e-6)
REAL(thirds, double, (1.0 / 3))
REAL(quarters, double, 0.25)
REAL(fives, double, 5)
REAL(thousands, double, 1000)
REAL(sevenths, double, 0.7)
REAL(float_tenths, float, 0.1f)
REAL(float_of_double, float, 0.1)
REAL(double_of_float, double, 0.1f)
REAL(float_cents, float, 0.01f)
REAL(float_quarters, float, 0.25f)
REAL(long_tenths, long double, 0.1L)
REAL(long_cents, long double, 0.01L)
REAL(long_of_double, long double, 0.01)

/* What is written in decimal means the same multiple as what is computed, so that both share an answer. */
static void decimals(void)
{
    static const struct {
        double step;
        double (*fn)(double);
        const char *format;
    } of[] = {{0.01, hundredths, "%d.%02d"}, {0.1, tenths, "%d.%01d"}, {1e-3, thousandths, "%d.%03d"}};
    for (size_t f = 0; f < sizeof of / sizeof *of; f++)
        for (int i = 0; i < 100000; i++) {
            double step = of[f].step, wanted = i * step, below = (i - 1) * step, written;
            int whole = (int)lrint(1 / step);
            char text[32];
            snprintf(text, sizeof text, of[f].format, i / whole, i % whole);
            written = strtod(text, NULL);
            if (of[f].fn(written) != wanted || of[f].fn(-written) != -wanted)
                FAIL("%s by %g is %.17g, not %.17g\n", text, step, of[f].fn(written), wanted);
            if (of[f].fn(wanted - step / 1000) != below || of[f].fn(wanted + step / 1000) != wanted)
                FAIL("around %s by %g\n", text, step);
        }
}

#define NUMBER(name, type, step)                                                                             \
    SWR_STATIC_CACHED(type, name, (SWR_QUANTISED(type, n, step)))                                            \
    {                                                                                                        \
        return n;                                                                                            \
    }

NUMBER(bytes, signed char, 100)
NUMBER(shorts, short, 1000)
NUMBER(ints, int, 1000)
NUMBER(longs, long long, 1000)
NUMBER(large, long long, LLONG_MAX)
NUMBER(uints, unsigned, 7)
NUMBER(ulongs, unsigned long long, 1000)
NUMBER(billions, long long, 1e9)
NUMBER(halves, int, 0.5)
NUMBER(of_fraction, int, 2.5)
NUMBER(ubytes, unsigned char, 300)

static int nothing; /* no step at all, which only the program knows */
NUMBER(by_nothing, int, nothing)
NUMBER(by_nothing_at_all, unsigned long, (unsigned long)nothing)
NUMBER(real_by_nothing, double, (double)nothing)

#define IS(call, value)                                                                                      \
    ((call) == (value) ? (void)0                                                                             \
                       : FAIL("quantised.c:%d: %s is %.17Lg\n", __LINE__, #call, (long double)(call)))

static void edges(void)
{
    for (int i = SCHAR_MIN; i <= SCHAR_MAX; i++)
        IS(bytes((signed char)i), i < -100 ? i : i < 0 ? -100 : i < 100 ? 0 : 100);
    IS(shorts(SHRT_MIN), SHRT_MIN);
    IS(shorts(-32000), -32000);
    IS(shorts(-31999), -32000);
    IS(ints(INT_MIN), INT_MIN);
    IS(ints(-2147483000), -2147483000);
    IS(ints(-1), -1000);
    IS(ints(INT_MAX), 2147483000);
    IS(longs(LLONG_MIN), LLONG_MIN);
    IS(longs(LLONG_MIN + 808), LLONG_MIN + 808);
    IS(longs(LLONG_MIN + 1807), LLONG_MIN + 808);
    IS(large(-5), -LLONG_MAX);
    IS(large(LLONG_MIN), LLONG_MIN);
    IS(large(LLONG_MAX), LLONG_MAX);
    IS(uints(UINT_MAX), UINT_MAX / 7 * 7);
    IS(ulongs(ULLONG_MAX), ULLONG_MAX / 1000 * 1000);
    IS(ubytes(255), 0);
    IS(billions(-1), -1000000000);
    IS(billions(2999999999), 2000000000);
    IS(halves(-3), -3);
    IS(of_fraction(4), 2);
    IS(of_fraction(5), 5);
    IS(of_fraction(-1), -3);
    IS(by_nothing(17), 17);
    IS(by_nothing_at_all(17), 17);
    IS(real_by_nothing(1.5), 1.5);
    IS(hundredths(52.52), 5252 * 0.01);
    IS(hundredths(50), 50);
    IS(hundredths(1), 1);
    IS(hundredths(0.999), 99 * 0.01);
    IS(hundredths(-0.001), -0.01);
    IS(quarters(-0.1), -0.25);
    IS(hundredths(1e300), 1e300);
    IS(hundredths(-1e300), -1e300);
    IS(fives(4.999999), 0);
    IS(double_of_float(0.25), 2 * (double)0.1f);
    IS(signbit(quarters(-0.0)) != 0, 0);
#if !defined(__FAST_MATH__)
    IS(isnan(hundredths(NAN)), 1);
    IS(hundredths(INFINITY), INFINITY);
    IS(hundredths(-INFINITY), -INFINITY);
#endif
}

int main(void)
{
    check_hundredths();
    check_tenths();
    check_twentieths();
    check_thousandths();
    check_millionths();
    check_thirds();
    check_quarters();
    check_fives();
    check_thousands();
    check_sevenths();
    check_float_tenths();
    check_float_of_double();
    check_double_of_float();
    check_float_cents();
    check_float_quarters();
    check_long_tenths();
    check_long_cents();
    check_long_of_double();
    decimals();
    edges();
    return failures != 0;
}
