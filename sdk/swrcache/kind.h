/*
 * kind.h - the kinds of parameter: what each declares, passes on, and says of itself.
 *
 *   kind                          C parameter           in the key
 *   SWR_VAL(type, n)              type n, a scalar      its bytes
 *   SWR_QUANTISED(type, n, step)  type n, a number    the multiple of step at or below it, which is what
 *                                                     the body gets too: near arguments share an answer;
 *                                                     quantise.h
 *   SWR_STR(n)                    const char *n         its content; NULL is not ""
 *   SWR_BYTES(n, len)             const void *n         len bytes of it
 *   SWR_STRUCT(type, n, f...)     const type *n         the fields named (1 to 14; also a.b)
 *   SWR_OPAQUE(type, n)           type n                no; handed on, must outlive refreshes
 *   SWR_OUT(type, n)              type *n               no; written by the function
 *   SWR_OUT_BYTES(n, len)         void *n               only len, the room it has
 *
 * `len` names an integer parameter of the same list, declared by SWR_VAL. Of a field that is an array every
 * element counts: clear what stands behind the end of a text in it, or the same text is another key. So do
 * the bytes of a number: 0.0 and -0.0 are two keys. Padding does not count.
 *
 * A kind is not a macro: SWRCACHE_<purpose>_ is pasted in front of it, so that the names stay free of
 * expansion until their purpose is known. Purposes: DECL (declaration), NAME, ARG (struct swrcache_arg),
 * BACK (from one), INFO (struct swrcache_param).
 */
#ifndef SWRCACHE_KIND_H
#define SWRCACHE_KIND_H

#pragma GCC system_header

#include "abi.h"
#include "bits.h"
#include "quantise.h"
#include "stamp.h"

/* Never evaluated. */
#define SWRCACHE_LVALUE(type) (*(__typeof__(type) *)0)
/* The i-th field of a parameter, whose type check.h names: `at` is the function with the parameter's number.
 */
#define SWRCACHE_FIELD_TYPE(at, i) swrcache_field_##at##_##i
/* Not alone in its structure: it may be an array without a length. */
#define SWRCACHE_FIELD(at, i)                                                                                \
    (((struct {                                                                                              \
         char before;                                                                                        \
         SWRCACHE_FIELD_TYPE(at, i) it;                                                                      \
     } *)0)                                                                                                  \
         ->it)

/* __builtin_classify_type: 5 is a pointer, or an array that became one; 12 and 13 are records. */
#define SWRCACHE_IS_RECORD(x) (__builtin_classify_type(x) == 12 || __builtin_classify_type(x) == 13)
#define SWRCACHE_DECAYED(x)   __typeof__(((void)0, x))
#define SWRCACHE_IS_ARRAY(x)                                                                                 \
    (__builtin_classify_type(x) == 5 && !__builtin_types_compatible_p(__typeof__(x), SWRCACHE_DECAYED(x)))
#define SWRCACHE_IS_POINTER(x) (__builtin_classify_type(x) == 5 && !SWRCACHE_IS_ARRAY(x))

/* Or volatile: compatible types may differ in that, what their pointers point to may not. */
#define SWRCACHE_IS_CONST(type)                                                                              \
    (__builtin_types_compatible_p(__typeof__(type) *, const __typeof__(type) *) ||                           \
     __builtin_types_compatible_p(__typeof__(type) *, volatile __typeof__(type) *))

/* An element of an array; of anything else, some char. */
#define SWRCACHE_ELEMENT(x) (*__builtin_choose_expr(SWRCACHE_IS_ARRAY(x), ((void)0, x), (char *)0))

/* Without a length, or with none: at the end of a structure. */
#define SWRCACHE_IS_FLEXIBLE(x)                                                                              \
    (SWRCACHE_IS_ARRAY(x) &&                                                                                 \
     __extension__ __builtin_types_compatible_p(__typeof__(x), __typeof__(SWRCACHE_ELEMENT(x))[0]))
#define SWRCACHE_SIZE(x) sizeof(__builtin_choose_expr(SWRCACHE_IS_FLEXIBLE(x), (char)0, x))

/* Enumerations are compatible with their integer type. */
#define SWRCACHE_CLASS(x)                                                                                    \
    _Generic((x), _Bool                                                                                      \
             : SWRCACHE_CLASS_BOOL, char                                                                     \
             : SWRCACHE_CLASS_CHAR, signed char                                                              \
             : SWRCACHE_CLASS_INT, short                                                                     \
             : SWRCACHE_CLASS_INT, int                                                                       \
             : SWRCACHE_CLASS_INT, long                                                                      \
             : SWRCACHE_CLASS_INT, long long                                                                 \
             : SWRCACHE_CLASS_INT, unsigned char                                                             \
             : SWRCACHE_CLASS_UINT, unsigned short                                                           \
             : SWRCACHE_CLASS_UINT, unsigned int                                                             \
             : SWRCACHE_CLASS_UINT, unsigned long                                                            \
             : SWRCACHE_CLASS_UINT, unsigned long long                                                       \
             : SWRCACHE_CLASS_UINT, float                                                                    \
             : SWRCACHE_CLASS_FLOAT, double                                                                  \
             : SWRCACHE_CLASS_FLOAT, long double                                                             \
             : SWRCACHE_CLASS_FLOAT, default                                                                 \
             : (__builtin_classify_type(x) == 5 ? SWRCACHE_CLASS_POINTER : SWRCACHE_CLASS_BYTES))

#define SWRCACHE_FIELD_CLASS(x)                                                                              \
    (SWRCACHE_IS_ARRAY(x) ? SWRCACHE_CLASS(SWRCACHE_ELEMENT(x)) == SWRCACHE_CLASS_CHAR                       \
                                ? SWRCACHE_CLASS_CHAR                                                        \
                                : SWRCACHE_CLASS_BYTES                                                       \
                          : SWRCACHE_CLASS(x))

/* <stdbool.h> makes bool a macro: give the word back that the user wrote. */
#define SWRCACHE_SPELT(type) _Generic((SWRCACHE_LVALUE(type)), _Bool : "bool", default : #type)

/* A length: negative is SIZE_MAX. No comparison with 0, which compilers mock for unsigned lengths. */
#define SWRCACHE_LENGTH(len) ((len) < 1 && (len) != 0 ? SIZE_MAX : (size_t)(len))

/* Declaration. __typeof__ lets a type be a pointer to a function. */
#define SWRCACHE_DECL_SWR_VAL(type, n)             __typeof__(type) n
#define SWRCACHE_DECL_SWR_QUANTISED(type, n, step) __typeof__(type) n
#define SWRCACHE_DECL_SWR_STR(n)                   const char *n
#define SWRCACHE_DECL_SWR_BYTES(n, len)            const void *n
#define SWRCACHE_DECL_SWR_STRUCT(type, n, ...)     const __typeof__(type) *n
#define SWRCACHE_DECL_SWR_OPAQUE(type, n)          __typeof__(type) n
#define SWRCACHE_DECL_SWR_OUT(type, n)             __typeof__(type) *n
#define SWRCACHE_DECL_SWR_OUT_BYTES(n, len)        void *n

/* Name. */
#define SWRCACHE_NAME_SWR_VAL(type, n)             n
#define SWRCACHE_NAME_SWR_QUANTISED(type, n, step) SWRCACHE_QUANTISE(type, n, step)
#define SWRCACHE_NAME_SWR_STR(n)                   n
#define SWRCACHE_NAME_SWR_BYTES(n, len)            n
#define SWRCACHE_NAME_SWR_STRUCT(type, n, ...)     n
#define SWRCACHE_NAME_SWR_OPAQUE(type, n)          n
#define SWRCACHE_NAME_SWR_OUT(type, n)             n
#define SWRCACHE_NAME_SWR_OUT_BYTES(n, len)        n

/* From the parameter to a struct swrcache_arg. */
/* clang-format off */
#define SWRCACHE_ARG_SWR_VAL(type, n)         {((void)SWRCACHE_CLEAR(type, &n), &n), sizeof(n)}
#define SWRCACHE_ARG_SWR_QUANTISED(type, n, step) {&(__typeof__(type)){SWRCACHE_QUANTISE(type, n, step)}, sizeof(n)}
#define SWRCACHE_ARG_SWR_STR(n)               {n, 0}
#define SWRCACHE_ARG_SWR_BYTES(n, len)        {n, SWRCACHE_LENGTH(len)}
#define SWRCACHE_ARG_SWR_STRUCT(type, n, ...) {n, sizeof(*n)}
#define SWRCACHE_ARG_SWR_OPAQUE(type, n)      {&n, sizeof(n)}
#define SWRCACHE_ARG_SWR_OUT(type, n)         {n, sizeof(*n)}
#define SWRCACHE_ARG_SWR_OUT_BYTES(n, len)    {n, SWRCACHE_LENGTH(len)}
/* clang-format on */

/* From a struct swrcache_arg to the value to call the body with. */
#define SWRCACHE_BACK_VALUE(type, data)            (*(const __typeof__(type) *)(data))
#define SWRCACHE_BACK_TO(type, data)               ((__typeof__(type) *)(uintptr_t)(data))
#define SWRCACHE_BACK_SWR_VAL(type, n)             SWRCACHE_BACK_VALUE, (type)
#define SWRCACHE_BACK_SWR_QUANTISED(type, n, step) SWRCACHE_BACK_VALUE, (type)
#define SWRCACHE_BACK_SWR_STR(n)                   SWRCACHE_BACK_TO, (const char)
#define SWRCACHE_BACK_SWR_BYTES(n, len)            SWRCACHE_BACK_TO, (const void)
#define SWRCACHE_BACK_SWR_STRUCT(type, n, ...)     SWRCACHE_BACK_TO, (const __typeof__(type))
#define SWRCACHE_BACK_SWR_OPAQUE(type, n)          SWRCACHE_BACK_VALUE, (type)
#define SWRCACHE_BACK_SWR_OUT(type, n)             SWRCACHE_BACK_TO, (type)
#define SWRCACHE_BACK_SWR_OUT_BYTES(n, len)        SWRCACHE_BACK_TO, (void)
#define SWRCACHE_BACK(data, ...)                   SWRCACHE_BACK_(data, __VA_ARGS__)
#define SWRCACHE_BACK_(data, how, type)            how(SWRCACHE_UNWRAP type, data)

/* For purposes that need a name for the parameter too: p's words are a macro and its arguments. */
#define SWRCACHE_TELL(at, ...)     SWRCACHE_TELL_(at, __VA_ARGS__)
#define SWRCACHE_TELL_(at, m, ...) m(at, __VA_ARGS__)

/* Description: the members of a struct swrcache_param. */
#define SWRCACHE_INFO(at, n, t, k, c, s) .name = n, .type = t, .kind = SWRCACHE_KIND_##k, .cls = c, .size = s
#define SWRCACHE_INFO_STRUCT(at, name, spelt, t, ...)                                                        \
    SWRCACHE_INFO(at, name, spelt, STRUCT, 0, sizeof(t)), .nfields = SWRCACHE_COUNT(__VA_ARGS__),            \
                                                          .fields = (const struct swrcache_field[])          \
    {                                                                                                        \
        SWRCACHE_FLIST(SWRCACHE_ONE_FIELD, (at, t), __VA_ARGS__)                                             \
    }
#define SWRCACHE_INFO_SWR_VAL(type, n)                                                                       \
    SWRCACHE_INFO, #n, SWRCACHE_SPELT(type), VAL, SWRCACHE_CLASS(SWRCACHE_LVALUE(type)), sizeof(type)
#define SWRCACHE_INFO_SWR_QUANTISED(type, n, step) SWRCACHE_INFO_SWR_VAL(type, n)
#define SWRCACHE_INFO_SWR_STR(n)                   SWRCACHE_INFO, #n, "", STR, 0, 0
#define SWRCACHE_INFO_SWR_BYTES(n, len)            SWRCACHE_INFO, #n, "", BYTES, 0, 0
#define SWRCACHE_INFO_SWR_STRUCT(t, n, ...)        SWRCACHE_INFO_STRUCT, #n, #t, t, __VA_ARGS__
#define SWRCACHE_INFO_SWR_OPAQUE(type, n)          SWRCACHE_INFO, #n, SWRCACHE_SPELT(type), OPAQUE, 0, sizeof(type)
#define SWRCACHE_INFO_SWR_OUT(type, n)                                                                       \
    SWRCACHE_INFO, #n, SWRCACHE_SPELT(type), OUT, SWRCACHE_CLASS(SWRCACHE_LVALUE(type)), sizeof(type)
#define SWRCACHE_INFO_SWR_OUT_BYTES(n, len) SWRCACHE_INFO, #n, "", OUT_BYTES, 0, 0

#define SWRCACHE_ONE_FIELD(c, i, f) SWRCACHE_ONE_FIELD_(SWRCACHE_UNWRAP c, i, f)
#define SWRCACHE_ONE_FIELD_(...)    SWRCACHE_ONE_FIELD__(__VA_ARGS__)
#define SWRCACHE_ONE_FIELD__(at, type, i, f)                                                                 \
    {                                                                                                        \
        .name = #f, .offset = __builtin_offsetof(__typeof__(type), f),                                       \
        .size = SWRCACHE_SIZE(SWRCACHE_FIELD(at, i)), .cls = SWRCACHE_FIELD_CLASS(SWRCACHE_FIELD(at, i))     \
    }

/* The same by position in the list, for SWRCACHE_LIST and SWRCACHE_MAP. */
#define SWRCACHE_EACH_DECL(c, i, p) SWRCACHE_DECL_##p
#define SWRCACHE_EACH_DECL_NONE     void
#define SWRCACHE_EACH_NAME(c, i, p) SWRCACHE_NAME_##p
#define SWRCACHE_EACH_NAME_NONE
#define SWRCACHE_EACH_ARG(c, i, p) SWRCACHE_ARG_##p
#define SWRCACHE_EACH_ARG_NONE                                                                               \
    {                                                                                                        \
        0, 0                                                                                                 \
    }
#define SWRCACHE_EACH_BACK(c, i, p) SWRCACHE_BACK(swrcache_args[i].data, SWRCACHE_BACK_##p)
#define SWRCACHE_EACH_BACK_NONE
#define SWRCACHE_EACH_INFO(fn, i, p)                                                                         \
    {                                                                                                        \
        SWRCACHE_TELL(fn##_##i, SWRCACHE_INFO_##p)                                                           \
    }
#define SWRCACHE_EACH_INFO_NONE                                                                              \
    {                                                                                                        \
        .name = 0                                                                                            \
    }
#define SWRCACHE_EACH_MORE(c, i, p) , SWRCACHE_DECL_##p

#endif
