/*
 * quantise.h - the multiple of a step at or below a number, for SWR_QUANTISED.
 *
 * Most steps are not what they are written as: 0.01 is a little more than a hundredth, and 100 * 0.01 has
 * been rounded. So a number that is a multiple but for rounding is that multiple, which is always the same
 * number, k * step as C computes it; only others are rounded down. What has no multiple below it that its
 * type can hold stays as it is, and so does what is so large that its neighbours are steps apart.
 */
#ifndef SWRCACHE_QUANTISE_H
#define SWRCACHE_QUANTISE_H

#pragma GCC system_header

#include <limits.h>
#include <stddef.h>

/* Bits of precision; 0: an integer. */
#define SWRCACHE_DIGITS(x)                                                                                   \
    _Generic((x), float                                                                                      \
             : __FLT_MANT_DIG__, double                                                                      \
             : __DBL_MANT_DIG__, long double                                                                 \
             : __LDBL_MANT_DIG__, default : 0)

/* In the precision that C would compute it in. */
static inline long double swrcache_multiple_(long long k, long double step, int digits)
{
    if (digits <= __FLT_MANT_DIG__)
        return (float)((float)k * (float)step);
    return digits <= __DBL_MANT_DIG__ ? (double)((double)k * (double)step) : (long double)k * step;
}

/* As a type of so many digits holds it; `otherwise` where that is infinite. */
static inline long double swrcache_held_(long double n, int digits, long double otherwise)
{
    long double swrcache_it = digits <= __FLT_MANT_DIG__   ? (long double)(float)n
                              : digits <= __DBL_MANT_DIG__ ? (long double)(double)n
                                                           : n;
    return swrcache_it - swrcache_it == 0 ? swrcache_it : otherwise;
}

/* All take the same arguments: the number, the step twice, the number's size, the digits of both. */
static inline long double swrcache_quantise_float_(long double n, long double step, long double same,
                                                   size_t size, int digits, int step_digits)
{
    const int swrcache_wide = digits > step_digits ? digits : step_digits;
    const long double swrcache_most = (long double)(1LL << (digits < 63 ? digits - 2 : 61));
    const long double swrcache_steps = n / step;
    long double swrcache_part, swrcache_off, swrcache_slack;
    long long swrcache_whole, swrcache_near;

    (void)same;
    (void)size;
    if (!(step > 0 && swrcache_steps > -swrcache_most && swrcache_steps < swrcache_most))
        return n;
    swrcache_whole = (long long)swrcache_steps;
    swrcache_part = swrcache_steps - (long double)swrcache_whole;
    swrcache_near = swrcache_whole + (swrcache_part >= 0.5L) - (swrcache_part <= -0.5L);
    /* k * 0.1f for a double. */
    if (step_digits != 0 && step_digits < digits && n == swrcache_multiple_(swrcache_near, step, step_digits))
        return n;
    /* As written, 0.35, or as computed, 35 * 0.01: half a digit off in the number, half a one in the step. */
    swrcache_off = swrcache_steps - (long double)swrcache_near;
    swrcache_off = swrcache_off < 0 ? -swrcache_off : swrcache_off;
    swrcache_slack = (swrcache_steps < 0 ? -swrcache_steps : swrcache_steps) / swrcache_most;
    if (swrcache_slack > 1.0L / 64)
        swrcache_slack = 1.0L / 64;
    if (swrcache_off > swrcache_slack &&
        n != swrcache_held_(swrcache_multiple_(swrcache_near, step, swrcache_wide), digits, n + 1))
        swrcache_near = swrcache_whole - (swrcache_part < 0);
    return swrcache_held_(swrcache_multiple_(swrcache_near, step, swrcache_wide), digits, n);
}

static inline long long swrcache_quantise_int_(long long n, long long step, long double same, size_t size,
                                               int digits, int step_digits)
{
    const long long swrcache_least = LLONG_MIN >> (CHAR_BIT * (sizeof n - size));
    long long swrcache_rest, swrcache_floor;

    (void)digits;
    if (step_digits != 0 && !(same == (long double)step)) {
        /* Of 2.5 the integer at or below the multiple. */
        const long double swrcache_multiple =
            swrcache_quantise_float_((long double)n, same, same, size, __LDBL_MANT_DIG__, step_digits);
        swrcache_floor = (long long)swrcache_multiple;
        swrcache_floor -= (long double)swrcache_floor > swrcache_multiple;
        return same < 1 || swrcache_floor < swrcache_least ? n : swrcache_floor;
    }
    if (step < 1)
        return n;
    swrcache_rest = n % step;
    if (swrcache_rest >= 0)
        return n - swrcache_rest;
    return __builtin_sub_overflow(n - swrcache_rest, step, &swrcache_floor) || swrcache_floor < swrcache_least
               ? n
               : swrcache_floor;
}

static inline unsigned long long swrcache_quantise_uint_(unsigned long long n, unsigned long long step,
                                                         long double same, size_t size, int digits,
                                                         int step_digits)
{
    (void)size;
    (void)digits;
    if (step_digits != 0 && !(same == (long double)step)) {
        const long double swrcache_multiple =
            swrcache_quantise_float_((long double)n, same, same, size, __LDBL_MANT_DIG__, step_digits);
        return same < 1 ? n : (unsigned long long)swrcache_multiple;
    }
    return step != 0 ? n - n % step : n;
}

#define SWRCACHE_QUANTISE(type, n, step)                                                                     \
    ((__typeof__(type))_Generic((n), float                                                                   \
                                : swrcache_quantise_float_, double                                           \
                                : swrcache_quantise_float_, long double                                      \
                                : swrcache_quantise_float_, unsigned long                                    \
                                : swrcache_quantise_uint_, unsigned long long                                \
                                : swrcache_quantise_uint_, default                                           \
                                : swrcache_quantise_int_)(n, step, step, sizeof(n), SWRCACHE_DIGITS(n),      \
                                                          SWRCACHE_DIGITS(step)))

#endif
