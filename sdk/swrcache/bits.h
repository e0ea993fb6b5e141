/*
 * bits.h - what a compiler knows of a type and the runtime does not: which of its bits are value, and where
 * it may stand.
 *
 * Padding is whatever was in memory before, so that it may be in no key and in no comparison. Compilers with
 * __builtin_clear_padding() (gcc since 11) tell all of it. Others tell it here of numbers and arrays; of
 * structures and unions nobody does, and results that are one are then never compared.
 */
#ifndef SWRCACHE_BITS_H
#define SWRCACHE_BITS_H

#pragma GCC system_header

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "stamp.h"

#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)
#define SWRCACHE_TELLS_PADDING 1
#endif
#endif

/* What can be served: more a worker could not lay out, nor an entry hold. */
#define SWRCACHE_ALIGN(type) _Alignof(__typeof__(type))
#define SWRCACHE_CHECK_FITS(type, what)                                                                      \
    _Static_assert(SWRCACHE_ALIGN(type) <= SWRCACHE_ALIGN_MOST,                                              \
                   what " is aligned to more than 4096 bytes, which the cache does not serve");              \
    _Static_assert(sizeof(__typeof__(type)) <= INT32_MAX, what " is larger than the cache can hold");

/*
 * Clears the padding of the value at p; false: nobody knows where it is. Packed: of a type with an alignment
 * beyond its size what stands behind it would be taken for padding.
 */
#ifdef SWRCACHE_TELLS_PADDING
#define SWRCACHE_CLEAR(type, p)                                                                              \
    (__builtin_clear_padding(                                                                                \
         (struct __attribute__((packed)) { __typeof__(type) swrcache_it; } *)(uintptr_t)(p)),                \
     true)
#define SWRCACHE_CHECK_TOLD(x, what)
#else
/* An element of an array; anything else is its own. */
#define SWRCACHE_INNER(x) (*__builtin_choose_expr(SWRCACHE_IS_ARRAY(x), ((void)0, x), (__typeof__(x) *)0))
/* x87 numbers: ten bytes of value, six of nothing. */
#define SWRCACHE_IS_LONG(x)                                                                                  \
    (__LDBL_MANT_DIG__ == 64 &&                                                                              \
     (__builtin_types_compatible_p(__typeof__(x), long double) ||                                            \
      __builtin_types_compatible_p(__typeof__(x), __typeof__(long double _Complex))))
/* Neither a number, a pointer nor a record: a vector, whose comparisons are vectors, or _BitInt(n). */
#define SWRCACHE_IS_ODD(x) (__builtin_classify_type(x) < 0 || __builtin_classify_type(x) > 13)
#define SWRCACHE_NUMBER(x) __builtin_choose_expr(SWRCACHE_IS_ODD(x), x, 0)
#define SWRCACHE_IS_BITS(x)                                                                                  \
    (SWRCACHE_IS_ODD(x) &&                                                                                   \
     __builtin_types_compatible_p(__typeof__(SWRCACHE_NUMBER(x) < SWRCACHE_NUMBER(x)), int))

static inline bool swrcache_clear_(void *value, size_t size, bool is_long, bool told)
{
    size_t swrcache_at;
    for (swrcache_at = 0; is_long && swrcache_at < size; swrcache_at += sizeof(long double))
        __builtin_memset((unsigned char *)value + swrcache_at + 10, 0, sizeof(long double) - 10);
    return told;
}
/* Of an array, up to three dimensions, what its elements are. */
#define SWRCACHE_CLEAR(type, p)                                                                              \
    __extension__({                                                                                          \
        __typeof__(type) *swrcache_whole = (void *)(uintptr_t)(p);                                           \
        __typeof__(SWRCACHE_INNER(*swrcache_whole)) *swrcache_row = (void *)swrcache_whole;                  \
        __typeof__(SWRCACHE_INNER(*swrcache_row)) *swrcache_more = (void *)swrcache_whole;                   \
        __typeof__(SWRCACHE_INNER(*swrcache_more)) *swrcache_one = (void *)swrcache_whole;                   \
        swrcache_clear_((void *)(uintptr_t)swrcache_whole, sizeof *swrcache_whole,                           \
                        SWRCACHE_IS_LONG(*swrcache_one),                                                     \
                        !SWRCACHE_IS_RECORD(*swrcache_one) && !SWRCACHE_IS_ARRAY(*swrcache_one) &&           \
                            !SWRCACHE_IS_BITS(*swrcache_one));                                               \
    })
#define SWRCACHE_CHECK_TOLD(x, what)                                                                         \
    _Static_assert(!SWRCACHE_IS_BITS(x) && !SWRCACHE_IS_BITS(SWRCACHE_ELEMENT(x)),                           \
                   what " has bits without a meaning, and this compiler does not tell which: "               \
                        "take it as an integer");
#endif

/* As cases of a switch over parameters, and fields of one. */
#define SWRCACHE_EACH_CLEAR(fn, i, p)                                                                        \
    case i:                                                                                                  \
        SWRCACHE_TELL(fn##_##i, SWRCACHE_CLEAR_##p)
#define SWRCACHE_CLEAR_SWR_VAL(type, n)             SWRCACHE_CLEAR_ONE, type
#define SWRCACHE_CLEAR_SWR_QUANTISED(type, n, step) SWRCACHE_CLEAR_ONE, type
#define SWRCACHE_CLEAR_SWR_STR(n)                   SWRCACHE_CLEAR_NONE, ~
#define SWRCACHE_CLEAR_SWR_BYTES(n, len)            SWRCACHE_CLEAR_NONE, ~
#define SWRCACHE_CLEAR_SWR_STRUCT(type, n, ...)     SWRCACHE_CLEAR_FIELDS, __VA_ARGS__
#define SWRCACHE_CLEAR_SWR_OPAQUE(type, n)          SWRCACHE_CLEAR_NONE, ~
#define SWRCACHE_CLEAR_SWR_OUT(type, n)             SWRCACHE_CLEAR_ONE, type
#define SWRCACHE_CLEAR_SWR_OUT_BYTES(n, len)        SWRCACHE_CLEAR_NONE, ~
#define SWRCACHE_CLEAR_ONE(at, type)                return SWRCACHE_CLEAR(type, swrcache_value);
#define SWRCACHE_CLEAR_NONE(at, unused)             return true;
#define SWRCACHE_CLEAR_FIELDS(at, ...)                                                                       \
    switch (swrcache_field) {                                                                                \
        SWRCACHE_FMAP(SWRCACHE_CLEAR_FIELD, at, __VA_ARGS__)                                                 \
    default:                                                                                                 \
        return true;                                                                                         \
    }
#define SWRCACHE_CLEAR_FIELD(at, i, f)                                                                       \
    case i:                                                                                                  \
        return SWRCACHE_CLEAR(SWRCACHE_FIELD_TYPE(at, i), swrcache_value);

#define SWRCACHE_CLEAR_RESULT_VALUE(ret)  return SWRCACHE_CLEAR(ret, swrcache_value);
#define SWRCACHE_CLEAR_RESULT_STRING(ret) return true;
#define SWRCACHE_CLEAR_RESULT_OBJECT(ret) return true;
#define SWRCACHE_CLEAR_RESULT_VOID(ret)   return true;

/* Where each may stand, in the order of the parameters, and last the result. */
#define SWRCACHE_EACH_ALIGN(c, i, p)                SWRCACHE_ALIGN_##p,
#define SWRCACHE_ALIGN_SWR_VAL(type, n)             SWRCACHE_ALIGN(type)
#define SWRCACHE_ALIGN_SWR_QUANTISED(type, n, step) SWRCACHE_ALIGN(type)
#define SWRCACHE_ALIGN_SWR_STR(n)                   1
#define SWRCACHE_ALIGN_SWR_BYTES(n, len)            1
#define SWRCACHE_ALIGN_SWR_STRUCT(type, n, ...)     SWRCACHE_ALIGN(type)
#define SWRCACHE_ALIGN_SWR_OPAQUE(type, n)          SWRCACHE_ALIGN(type)
#define SWRCACHE_ALIGN_SWR_OUT(type, n)             SWRCACHE_ALIGN(type)
#define SWRCACHE_ALIGN_SWR_OUT_BYTES(n, len)        1
#define SWRCACHE_ALIGN_RESULT_VALUE(ret)            SWRCACHE_ALIGN(ret)
#define SWRCACHE_ALIGN_RESULT_STRING(ret)           SWRCACHE_ALIGN(void *)
#define SWRCACHE_ALIGN_RESULT_OBJECT(ret)           SWRCACHE_ALIGN(void *)
#define SWRCACHE_ALIGN_RESULT_VOID(ret)             1

/* What a number becomes that a call is made with. */
#define SWRCACHE_EACH_ROUND(c, i, p)                SWRCACHE_TELL(i, SWRCACHE_ROUND_##p)
#define SWRCACHE_ROUND_SWR_VAL(type, n)             SWRCACHE_ROUND_NONE, ~
#define SWRCACHE_ROUND_SWR_QUANTISED(type, n, step) SWRCACHE_ROUND_TO, type, step
#define SWRCACHE_ROUND_SWR_STR(n)                   SWRCACHE_ROUND_NONE, ~
#define SWRCACHE_ROUND_SWR_BYTES(n, len)            SWRCACHE_ROUND_NONE, ~
#define SWRCACHE_ROUND_SWR_STRUCT(type, n, ...)     SWRCACHE_ROUND_NONE, ~
#define SWRCACHE_ROUND_SWR_OPAQUE(type, n)          SWRCACHE_ROUND_NONE, ~
#define SWRCACHE_ROUND_SWR_OUT(type, n)             SWRCACHE_ROUND_NONE, ~
#define SWRCACHE_ROUND_SWR_OUT_BYTES(n, len)        SWRCACHE_ROUND_NONE, ~
#define SWRCACHE_ROUND_NONE(at, unused)
#define SWRCACHE_ROUND_TO(at, type, step)                                                                    \
    if (swrcache_param == at) {                                                                              \
        const __typeof__(type) swrcache_it =                                                                 \
            SWRCACHE_QUANTISE(type, *(const __typeof__(type) *)swrcache_value, step);                        \
        __builtin_memcpy(swrcache_value, &swrcache_it, sizeof swrcache_it);                                  \
        return true;                                                                                         \
    }

/* The three of a function, and the members of its site. */
#define SWRCACHE_BITS(shape, ret, fn, list)                                                                  \
    static bool swrcache_clear_##fn(uint32_t swrcache_param, uint32_t swrcache_field, void *swrcache_value)  \
    {                                                                                                        \
        (void)swrcache_field;                                                                                \
        (void)swrcache_value;                                                                                \
        switch (swrcache_param) {                                                                            \
            SWRCACHE_MAP(SWRCACHE_EACH_CLEAR, fn, list)                                                      \
        default:                                                                                             \
            SWRCACHE_CLEAR_RESULT_##shape(ret)                                                               \
        }                                                                                                    \
    }                                                                                                        \
    static bool swrcache_round_##fn(uint32_t swrcache_param, void *swrcache_value)                           \
    {                                                                                                        \
        (void)swrcache_param;                                                                                \
        (void)swrcache_value;                                                                                \
        SWRCACHE_MAP(SWRCACHE_EACH_ROUND, fn, list)                                                          \
        return false;                                                                                        \
    }                                                                                                        \
    static const uint32_t swrcache_aligns_##fn[] = {SWRCACHE_MAP(SWRCACHE_EACH_ALIGN, fn, list)              \
                                                        SWRCACHE_ALIGN_RESULT_##shape(ret)};
#define SWRCACHE_SITE_BITS(fn)                                                                               \
    .aligns = swrcache_aligns_##fn, .clear = swrcache_clear_##fn, .round = swrcache_round_##fn,

#endif
