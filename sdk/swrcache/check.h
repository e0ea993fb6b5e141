/*
 * check.h - mistakes in an annotation, told once and in our own words.
 *
 * Before anything is generated each parameter gets a verdict by its shape alone: GOOD, KINDLESS, EMPTY, COMMA
 * where something follows the kind, or BAD_<kind> for a kind with too few or too many parts. If one is not
 * GOOD the annotation becomes a _Static_assert that names the parameter and the cure, and a plain function,
 * so that nothing else is said of it. What depends on types (pointers, records) is asserted beside the
 * generated code.
 */
#ifndef SWRCACHE_CHECK_H
#define SWRCACHE_CHECK_H

#pragma GCC system_header

#include "bits.h"
#include "kind.h"
#include "stamp.h"

/* Which numbers of parts a kind may have: exactly 1, 2 or 3, or a structure's 3 to 18. */
#define SWRCACHE_PARTS_1_1  ~, GOOD
#define SWRCACHE_PARTS_2_2  ~, GOOD
#define SWRCACHE_PARTS_3_3  ~, GOOD
#define SWRCACHE_PARTS_S_3  ~, GOOD
#define SWRCACHE_PARTS_S_4  ~, GOOD
#define SWRCACHE_PARTS_S_5  ~, GOOD
#define SWRCACHE_PARTS_S_6  ~, GOOD
#define SWRCACHE_PARTS_S_7  ~, GOOD
#define SWRCACHE_PARTS_S_8  ~, GOOD
#define SWRCACHE_PARTS_S_9  ~, GOOD
#define SWRCACHE_PARTS_S_10 ~, GOOD
#define SWRCACHE_PARTS_S_11 ~, GOOD
#define SWRCACHE_PARTS_S_12 ~, GOOD
#define SWRCACHE_PARTS_S_13 ~, GOOD
#define SWRCACHE_PARTS_S_14 ~, GOOD
#define SWRCACHE_PARTS_S_15 ~, GOOD
#define SWRCACHE_PARTS_S_16 ~, GOOD
#define SWRCACHE_PARTS(want, bad, ...)                                                                       \
    SWRCACHE_SECOND(SWRCACHE_CAT(SWRCACHE_PARTS_##want##_, SWRCACHE_COUNT(__VA_ARGS__)), bad)

/* Two parts, the first of which is a type: void is none. */
#define SWRCACHE_TYPED(bad, ...)                                                                             \
    SWRCACHE_SECOND(SWRCACHE_CAT(SWRCACHE_TYPED_, SWRCACHE_IS_NONE(__VA_ARGS__))(bad),                       \
                    SWRCACHE_PARTS(2, bad, __VA_ARGS__))
#define SWRCACHE_TYPED_0(bad)
#define SWRCACHE_TYPED_1(bad) ~, bad

/* The verdict of one parameter. The probe expands only for a known kind; what follows it comes third. */
#define SWRCACHE_VERDICT(p)                                                                                  \
    SWRCACHE_CAT(SWRCACHE_VERDICT_, SWRCACHE_NOTHING(SWRCACHE_THIRD(SWRCACHE_KNOWN_##p, , )))(p)
#define SWRCACHE_VERDICT_1(p)             SWRCACHE_SECOND(SWRCACHE_KNOWN_##p, KINDLESS)
#define SWRCACHE_VERDICT_0(p)             COMMA
#define SWRCACHE_KNOWN_                   ~, EMPTY,
#define SWRCACHE_KNOWN_SWR_VAL(...)       ~, SWRCACHE_TYPED(BAD_VAL, __VA_ARGS__),
#define SWRCACHE_KNOWN_SWR_QUANTISED(...) ~, SWRCACHE_PARTS(3, BAD_QUANTISED, __VA_ARGS__),
#define SWRCACHE_KNOWN_SWR_STR(...)       ~, SWRCACHE_PARTS(1, BAD_STR, __VA_ARGS__),
#define SWRCACHE_KNOWN_SWR_BYTES(...)     ~, SWRCACHE_PARTS(2, BAD_BYTES, __VA_ARGS__),
#define SWRCACHE_KNOWN_SWR_STRUCT(...)    ~, SWRCACHE_PARTS(S, BAD_STRUCT, __VA_ARGS__),
#define SWRCACHE_KNOWN_SWR_OPAQUE(...)    ~, SWRCACHE_TYPED(BAD_OPAQUE, __VA_ARGS__),
#define SWRCACHE_KNOWN_SWR_OUT(...)       ~, SWRCACHE_TYPED(BAD_OUT, __VA_ARGS__),
#define SWRCACHE_KNOWN_SWR_OUT_BYTES(...) ~, SWRCACHE_PARTS(2, BAD_OUT_BYTES, __VA_ARGS__),

/* GOOD, BAD (a parameter), MANY (parameters), LOOSE (without parentheses) or VOID (result). */
#define SWRCACHE_STATUS(ret, params)                                                                         \
    SWRCACHE_CAT(SWRCACHE_STATUS_, SWRCACHE_SECOND(SWRCACHE_NONE_##ret(), 0, ~))(params)
#define SWRCACHE_STATUS_1(params) VOID
#define SWRCACHE_STATUS_0(params) SWRCACHE_STATUS_OF_PARAMS(params)
#define SWRCACHE_STATUS_OF_PARAMS(params)                                                                    \
    SWRCACHE_CAT(SWRCACHE_STATUS_OF_LIST_, SWRCACHE_IS_LIST(params))(params)
#define SWRCACHE_STATUS_OF_LIST_0(params) LOOSE
#define SWRCACHE_STATUS_OF_LIST_1(params)                                                                    \
    SWRCACHE_SECOND(SWRCACHE_CAT(SWRCACHE_TOO_MANY_, SWRCACHE_N params), SWRCACHE_STATUS_OF_EACH(params))
#define SWRCACHE_TOO_MANY_13   ~, MANY
#define SWRCACHE_TOO_MANY_14   ~, MANY
#define SWRCACHE_TOO_MANY_15   ~, MANY
#define SWRCACHE_TOO_MANY_16   ~, MANY
#define SWRCACHE_TOO_MANY_MANY ~, MANY
#define SWRCACHE_STATUS_OF_EACH(params)                                                                      \
    SWRCACHE_CAT(SWRCACHE_STATUS_EACH_, SWRCACHE_IS_NONE(SWRCACHE_MAP(SWRCACHE_EACH_MARK, ~, params)))
#define SWRCACHE_STATUS_EACH_1 GOOD
#define SWRCACHE_STATUS_EACH_0 BAD

/* Nothing for a good parameter, else a mark. */
#define SWRCACHE_EACH_MARK(c, i, p) SWRCACHE_CAT(SWRCACHE_MARK_, SWRCACHE_VERDICT(p))
#define SWRCACHE_MARK_GOOD
#define SWRCACHE_MARK_KINDLESS      bad
#define SWRCACHE_MARK_EMPTY         bad
#define SWRCACHE_MARK_COMMA         bad
#define SWRCACHE_MARK_BAD_VAL       bad
#define SWRCACHE_MARK_BAD_QUANTISED bad
#define SWRCACHE_MARK_BAD_STR       bad
#define SWRCACHE_MARK_BAD_BYTES     bad
#define SWRCACHE_MARK_BAD_STRUCT    bad
#define SWRCACHE_MARK_BAD_OPAQUE    bad
#define SWRCACHE_MARK_BAD_OUT       bad
#define SWRCACHE_MARK_BAD_OUT_BYTES bad

/* The words. */
#define SWRCACHE_EACH_WORDS(fn, i, p) SWRCACHE_CAT(SWRCACHE_WORDS_, SWRCACHE_VERDICT(p))(fn, p)
#define SWRCACHE_WORDS_GOOD(fn, p)
#define SWRCACHE_WORDS_KINDLESS(fn, p)                                                                       \
    _Static_assert(0, "parameter '" #p "' of '" #fn "' needs a kind: SWR_VAL, SWR_STR, SWR_BYTES, "          \
                      "SWR_STRUCT, SWR_OPAQUE, SWR_OUT, SWR_OUT_BYTES or SWR_QUANTISED");
#define SWRCACHE_WORDS_EMPTY(fn, p)                                                                          \
    _Static_assert(0, "a comma too many stands among the parameters of '" #fn "'");
#define SWRCACHE_WORDS_COMMA(fn, p)                                                                          \
    _Static_assert(0, "a comma is missing between the parameters '" #p "' of '" #fn "'");
#define SWRCACHE_WORDS_SHAPE(fn, p, cure)   _Static_assert(0, "parameter '" #p "' of '" #fn "': write " cure);
#define SWRCACHE_WORDS_BAD_VAL(fn, p)       SWRCACHE_WORDS_SHAPE(fn, p, "SWR_VAL(type, name)")
#define SWRCACHE_WORDS_BAD_QUANTISED(fn, p) SWRCACHE_WORDS_SHAPE(fn, p, "SWR_QUANTISED(type, name, step)")
#define SWRCACHE_WORDS_BAD_STR(fn, p)       SWRCACHE_WORDS_SHAPE(fn, p, "SWR_STR(name), without a type")
#define SWRCACHE_WORDS_BAD_BYTES(fn, p)     SWRCACHE_WORDS_SHAPE(fn, p, "SWR_BYTES(name, length)")
#define SWRCACHE_WORDS_BAD_STRUCT(fn, p)                                                                     \
    SWRCACHE_WORDS_SHAPE(fn, p, "SWR_STRUCT(type, name, field, ...) with the 1 to 14 fields that count")
#define SWRCACHE_WORDS_BAD_OPAQUE(fn, p) SWRCACHE_WORDS_SHAPE(fn, p, "SWR_OPAQUE(type, name)")
#define SWRCACHE_WORDS_BAD_OUT(fn, p)                                                                        \
    SWRCACHE_WORDS_SHAPE(fn, p, "SWR_OUT(type, name), or SWR_OUT_BYTES(name, length)")
#define SWRCACHE_WORDS_BAD_OUT_BYTES(fn, p) SWRCACHE_WORDS_SHAPE(fn, p, "SWR_OUT_BYTES(name, length)")

#define SWRCACHE_COMPLAIN_BAD(fn, params) SWRCACHE_MAP(SWRCACHE_EACH_WORDS, fn, params)
#define SWRCACHE_COMPLAIN_MANY(fn, params)                                                                   \
    _Static_assert(0, "'" #fn "' has more than 12 parameters: gather some in a structure, SWR_STRUCT");
#define SWRCACHE_COMPLAIN_VOID(fn, params)                                                                   \
    _Static_assert(0, "'" #fn "' returns nothing: use SWR_CACHED_VOID(" #fn                                  \
                      ", (...)) with SWR_OUT parameters");
#define SWRCACHE_COMPLAIN_LOOSE(shape, fn, params)                                                           \
    _Static_assert(0, SWRCACHE_TYPELESS_##shape "the parameters of '" #fn                                    \
                                                "' stand in parentheses of their own, then a comma: "        \
                                                "(SWR_VAL(int, n), SWR_STR(name)), not '" #params "'");
/* Whoever writes a type in a form that has none has named the function by it. */
#define SWRCACHE_TYPELESS_VALUE  ""
#define SWRCACHE_TYPELESS_STRING "the name comes first, without a type, and "
#define SWRCACHE_TYPELESS_OBJECT ""
#define SWRCACHE_TYPELESS_VOID   "the name comes first, without a type, and "

/* A declaration of whatever was written, good or bad. */
#define SWRCACHE_EACH_LAX(c, i, p)         SWRCACHE_CAT(SWRCACHE_LAX_, SWRCACHE_VERDICT(p))(p)
#define SWRCACHE_EACH_LAX_NONE             void
#define SWRCACHE_EACH_LAX_MORE(c, i, p)    , SWRCACHE_EACH_LAX(c, i, p)
#define SWRCACHE_LAX_GOOD(p)               SWRCACHE_DECL_##p
#define SWRCACHE_LAX_KINDLESS(p)           p
#define SWRCACHE_LAX_EMPTY(p)              int swrcache_nothing
#define SWRCACHE_LAX_COMMA(p)              SWRCACHE_FIRST(SWRCACHE_ALONE_##p)
#define SWRCACHE_LAX_BAD_VAL(p)            SWRCACHE_LAX_##p
#define SWRCACHE_LAX_BAD_QUANTISED(p)      SWRCACHE_LAX_##p
#define SWRCACHE_LAX_BAD_STR(p)            SWRCACHE_LAX_##p
#define SWRCACHE_LAX_BAD_BYTES(p)          SWRCACHE_LAX_##p
#define SWRCACHE_LAX_BAD_STRUCT(p)         SWRCACHE_LAX_##p
#define SWRCACHE_LAX_BAD_OPAQUE(p)         SWRCACHE_LAX_##p
#define SWRCACHE_LAX_BAD_OUT(p)            SWRCACHE_LAX_##p
#define SWRCACHE_LAX_BAD_OUT_BYTES(p)      SWRCACHE_LAX_##p
#define SWRCACHE_LAX_SWR_VAL(...)          SWRCACHE_LAX_TYPED(, , __VA_ARGS__)
#define SWRCACHE_LAX_SWR_QUANTISED(...)    SWRCACHE_LAX_TYPED(, , __VA_ARGS__)
#define SWRCACHE_LAX_SWR_STR(type, ...)    const char *SWRCACHE_FIRST(__VA_ARGS__)
#define SWRCACHE_LAX_SWR_BYTES(n, ...)     const void *n
#define SWRCACHE_LAX_SWR_STRUCT(...)       SWRCACHE_LAX_TYPED(const, *, __VA_ARGS__)
#define SWRCACHE_LAX_SWR_OPAQUE(...)       SWRCACHE_LAX_TYPED(, , __VA_ARGS__)
#define SWRCACHE_LAX_SWR_OUT(...)          SWRCACHE_LAX_TYPED(, *, __VA_ARGS__)
#define SWRCACHE_LAX_SWR_OUT_BYTES(n, ...) void *n
#define SWRCACHE_ALONE_SWR_VAL(...)        SWRCACHE_LAX_SWR_VAL(__VA_ARGS__),
#define SWRCACHE_ALONE_SWR_QUANTISED(...)  SWRCACHE_LAX_SWR_QUANTISED(__VA_ARGS__),
#define SWRCACHE_ALONE_SWR_STR(...)        const char *__VA_ARGS__,
#define SWRCACHE_ALONE_SWR_BYTES(...)      SWRCACHE_LAX_SWR_BYTES(__VA_ARGS__),
#define SWRCACHE_ALONE_SWR_STRUCT(...)     SWRCACHE_LAX_SWR_STRUCT(__VA_ARGS__),
#define SWRCACHE_ALONE_SWR_OPAQUE(...)     SWRCACHE_LAX_SWR_OPAQUE(__VA_ARGS__),
#define SWRCACHE_ALONE_SWR_OUT(...)        SWRCACHE_LAX_SWR_OUT(__VA_ARGS__),
#define SWRCACHE_ALONE_SWR_OUT_BYTES(...)  SWRCACHE_LAX_SWR_OUT_BYTES(__VA_ARGS__),
#define SWRCACHE_LAX_TYPED(q, star, ...)                                                                     \
    SWRCACHE_CAT(SWRCACHE_LAX_TYPED_, SWRCACHE_PARTS(1, MORE, __VA_ARGS__))(q, star, __VA_ARGS__, ~)
#define SWRCACHE_LAX_TYPED_GOOD(q, star, p, ...)       p
#define SWRCACHE_LAX_TYPED_MORE(q, star, type, n, ...) q __typeof__(type) star n

/* What depends on types, at file scope. */
#define SWRCACHE_ASSERT_VAL(at, type, n)                                                                     \
    _Static_assert(__builtin_classify_type(SWRCACHE_LVALUE(type)) != 5,                                      \
                   "pointer parameter '" #n "' needs a kind: SWR_BYTES, SWR_OUT or SWR_OPAQUE "              \
                   "(SWR_STR for a string, SWR_STRUCT for a structure)");                                    \
    _Static_assert(!SWRCACHE_IS_RECORD(SWRCACHE_LVALUE(type)),                                               \
                   "parameter '" #n "' is a structure, not a scalar: "                                       \
                   "take a pointer to it, SWR_STRUCT(" #type ", " #n ", fields...)");                        \
    SWRCACHE_CHECK_FITS(type, "parameter '" #n "'")                                                          \
    SWRCACHE_CHECK_TOLD(SWRCACHE_LVALUE(type), "parameter '" #n "'")
#define SWRCACHE_ASSERT_OPAQUE(at, type, n) SWRCACHE_CHECK_FITS(type, "parameter '" #n "'")
/* The step by its letters: what is compared with a fraction is no constant for every compiler. */
#define SWRCACHE_ASSERT_QUANTISED(at, type, n, step)                                                         \
    _Static_assert(SWRCACHE_CLASS(SWRCACHE_LVALUE(type)) >= SWRCACHE_CLASS_INT &&                            \
                       SWRCACHE_CLASS(SWRCACHE_LVALUE(type)) <= SWRCACHE_CLASS_FLOAT,                        \
                   "parameter '" #n "' is no number: SWR_QUANTISED rounds numbers down to multiples");       \
    _Static_assert(__builtin_strncmp(#step, "-", 1) != 0 && __builtin_strcmp(#step, "0") != 0,               \
                   "the step of '" #n "' must be more than nothing, not " #step);
#define SWRCACHE_ASSERT_OUT(at, type, n)                                                                     \
    _Static_assert(__builtin_classify_type(SWRCACHE_LVALUE(type)) != 5,                                      \
                   "out-parameter '" #n "' hands out a pointer, which would be shared by all callers, "      \
                   "or an array: SWR_OUT_BYTES, SWR_OUT of a structure, or return it with "                  \
                   "SWR_CACHED_STRING or SWR_CACHED_OBJECT");                                                \
    _Static_assert(!SWRCACHE_IS_CONST(type), "out-parameter '" #n "' is const, but the function writes it"); \
    SWRCACHE_CHECK_FITS(type, "out-parameter '" #n "'")
/* A field's type gets a name first: of a field that does not exist nothing more is said then. */
#define SWRCACHE_NAME_FIELD(c, i, f) SWRCACHE_NAME_FIELD_(SWRCACHE_UNWRAP c, i, f)
#define SWRCACHE_NAME_FIELD_(...)    SWRCACHE_NAME_FIELD__(__VA_ARGS__)
#define SWRCACHE_NAME_FIELD__(at, type, i, f)                                                                \
    typedef __typeof__(((__typeof__(type) *)0)->f) SWRCACHE_FIELD_TYPE(at, i);
#define SWRCACHE_ASSERT_FIELD(c, i, f) SWRCACHE_ASSERT_FIELD_(SWRCACHE_UNWRAP c, i, f)
#define SWRCACHE_ASSERT_FIELD_(...)    SWRCACHE_ASSERT_FIELD__(__VA_ARGS__)
#define SWRCACHE_ASSERT_FIELD__(at, type, i, f)                                                              \
    _Static_assert(!SWRCACHE_IS_POINTER(SWRCACHE_FIELD(at, i)) &&                                            \
                       !SWRCACHE_IS_POINTER(SWRCACHE_ELEMENT(SWRCACHE_FIELD(at, i))),                        \
                   "field '" #f "' of '" #type "' is a pointer: its target is not in the key; "              \
                   "leave it out, or pass the target as SWR_STR or SWR_BYTES");                              \
    _Static_assert(!SWRCACHE_IS_RECORD(SWRCACHE_FIELD(at, i)) &&                                             \
                       !SWRCACHE_IS_RECORD(SWRCACHE_ELEMENT(SWRCACHE_FIELD(at, i))),                         \
                   "field '" #f "' of '" #type                                                               \
                   "' is a structure and may have padding: name its own fields, "                            \
                   "as in " #f ".x");                                                                        \
    _Static_assert(!SWRCACHE_IS_FLEXIBLE(SWRCACHE_FIELD(at, i)),                                             \
                   "field '" #f "' of '" #type "' is an array without a length, and would not be in the "    \
                   "key: leave it out, and pass it as SWR_STR or SWR_BYTES");                                \
    SWRCACHE_CHECK_TOLD(SWRCACHE_FIELD(at, i), "field '" #f "' of '" #type "'")
#define SWRCACHE_EACH_ASSERT(fn, i, p)                                                                       \
    SWRCACHE_CHECK_NAME(SWRCACHE_WORD_##p) SWRCACHE_TELL(fn##_##i, SWRCACHE_ASSERT_##p)
#define SWRCACHE_ASSERT_SWR_VAL(type, n)             SWRCACHE_ASSERT_VAL, type, n
#define SWRCACHE_ASSERT_SWR_QUANTISED(type, n, step) SWRCACHE_ASSERT_QUANTISED, type, n, step
#define SWRCACHE_ASSERT_SWR_STR(n)                   SWRCACHE_ASSERT_NONE, ~
#define SWRCACHE_ASSERT_SWR_BYTES(n, len)            SWRCACHE_ASSERT_NONE, ~
#define SWRCACHE_ASSERT_SWR_STRUCT(...)              SWRCACHE_ASSERT_STRUCT, __VA_ARGS__
#define SWRCACHE_ASSERT_SWR_OPAQUE(type, n)          SWRCACHE_ASSERT_OPAQUE, type, n
#define SWRCACHE_ASSERT_SWR_OUT(type, n)             SWRCACHE_ASSERT_OUT, type, n
#define SWRCACHE_ASSERT_SWR_OUT_BYTES(n, len)        SWRCACHE_ASSERT_NONE, ~
#define SWRCACHE_ASSERT_NONE(...)
#define SWRCACHE_ASSERT_STRUCT(at, type, n, ...)                                                             \
    _Static_assert(SWRCACHE_IS_RECORD(SWRCACHE_LVALUE(type)),                                                \
                   "SWR_STRUCT of '" #n "' takes the type of a structure, of which it makes a pointer, "     \
                   "not '" #type "'");                                                                       \
    SWRCACHE_CHECK_FITS(type, "what '" #n "' points to")                                                     \
    SWRCACHE_FMAP(SWRCACHE_NAME_FIELD, (at, type), __VA_ARGS__)                                              \
    SWRCACHE_FMAP(SWRCACHE_ASSERT_FIELD, (at, type), __VA_ARGS__)

/* The name as it is written: a kind makes the star itself. */
#define SWRCACHE_CHECK_NAME(word)                                                                            \
    _Static_assert(__builtin_strncmp(word, "*", 1) != 0,                                                     \
                   "parameter '" word "': write its name alone, the kind makes a pointer of it");
#define SWRCACHE_WORD_SWR_VAL(type, n)             #n
#define SWRCACHE_WORD_SWR_QUANTISED(type, n, step) #n
#define SWRCACHE_WORD_SWR_STR(n)                   #n
#define SWRCACHE_WORD_SWR_BYTES(n, len)            #n
#define SWRCACHE_WORD_SWR_STRUCT(type, n, ...)     #n
#define SWRCACHE_WORD_SWR_OPAQUE(type, n)          #n
#define SWRCACHE_WORD_SWR_OUT(type, n)             #n
#define SWRCACHE_WORD_SWR_OUT_BYTES(n, len)        #n

/* What depends on types, where the parameters are in scope. */
#define SWRCACHE_ASSERT_LEN(n, len)                                                                          \
    _Static_assert(__builtin_classify_type(len) == 1,                                                        \
                   "the length '" #len "' of '" #n                                                           \
                   "' must be an integer parameter, as SWR_VAL(size_t, " #len ")");
#define SWRCACHE_EACH_INSIDE(fn, i, p) SWRCACHE_INSIDE_##p
#define SWRCACHE_INSIDE_SWR_VAL(type, n)
#define SWRCACHE_INSIDE_SWR_QUANTISED(type, n, step)
#define SWRCACHE_INSIDE_SWR_STR(n)
#define SWRCACHE_INSIDE_SWR_BYTES(n, len) SWRCACHE_ASSERT_LEN(n, len)
#define SWRCACHE_INSIDE_SWR_STRUCT(type, n, ...)
#define SWRCACHE_INSIDE_SWR_OPAQUE(type, n)
#define SWRCACHE_INSIDE_SWR_OUT(type, n)
#define SWRCACHE_INSIDE_SWR_OUT_BYTES(n, len) SWRCACHE_ASSERT_LEN(n, len)

/*
 * Policies, by their letters, for a member of a structure is no constant to assert on. What has no dot would
 * silently be the field that stands behind the last one in the structure; 1.5 would be 1; and where 0 is what
 * is left out it would be the very thing that whoever writes it does not want.
 */
#define SWRCACHE_CHECK_POLICY(fn, ...)                                                                       \
    _Static_assert(!SWRCACHE_ENDS(#__VA_ARGS__, ",,") && !SWRCACHE_ENDS(#__VA_ARGS__, ", ,"),                \
                   "the policy of '" #fn "' ends with a comma: leave it out");                               \
    SWRCACHE_FMAP(SWRCACHE_EACH_POLICY, fn, __VA_ARGS__)
#define SWRCACHE_EACH_POLICY(fn, i, p)                                                                       \
    _Static_assert(sizeof(#p) == 1 || SWRCACHE_BEGINS(#p, "."),                                              \
                   "policy '" #p "' of '" #fn "': a field begins with a dot, ." #p);                         \
    _Static_assert(!SWRCACHE_IS_FRACTION(#p),                                                                \
                   "policy '" #p "' of '" #fn "' is no whole number: times are in milliseconds, "            \
                   "and SWR_SECONDS(0.5) is 500");                                                           \
    _Static_assert(!SWRCACHE_IS(#p, "percent", "0"),                                                         \
                   "policy '" #p "' of '" #fn "': from 1 to 100; .mode = SWR_MODE_OFF caches none");         \
    _Static_assert(!SWRCACHE_IS(#p, "shadow_pct", "0"),                                                      \
                   "policy '" #p "' of '" #fn "': from 1 to 100, which never ends it");                      \
    _Static_assert(!SWRCACHE_IS(#p, "dependencies", "0"),                                                    \
                   "policy '" #p "' of '" #fn "': SWR_DEPENDENCIES_ON or SWR_DEPENDENCIES_OFF");             \
    _Static_assert(!SWRCACHE_IS(#p, "mode", "0"),                                                            \
                   "policy '" #p "' of '" #fn "': SWR_MODE_ON, SWR_MODE_OFF, SWR_MODE_SHADOW or "            \
                   "SWR_MODE_OBSERVE");
#define SWRCACHE_BEGINS(text, with) (__builtin_strncmp(text, with, sizeof(with) - 1) == 0)
#define SWRCACHE_ENDS(text, with)                                                                            \
    (__builtin_strcmp(&text[sizeof(text) > sizeof(with) ? sizeof(text) - sizeof(with) : 0], with) == 0)
#define SWRCACHE_IS(text, field, value)                                                                      \
    (__builtin_strcmp(text, "." field " = " value) == 0 || __builtin_strcmp(text, "." field "=" value) == 0)
/* What stands behind the =. */
#define SWRCACHE_WRITTEN(text)                                                                               \
    (__builtin_strchr(text "= ", '=') + 1 + SWRCACHE_BEGINS(__builtin_strchr(text "= ", '=') + 1, " "))
/*
 * A number with a point and more than 0 behind it, and nothing computed. Each character that is looked for
 * stands at the end too, in this order, so that it is always found: how much follows it says where.
 */
#define SWRCACHE_IS_FRACTION(text)                                                                           \
    (__builtin_strncmp(SWRCACHE_WRITTEN(text), ".", 1) >= 0 &&                                               \
     __builtin_strncmp(SWRCACHE_WRITTEN(text), "9", 1) <= 0 && SWRCACHE_REST(text, '.') > 7 &&               \
     !SWRCACHE_BEGINS(SWRCACHE_POINT(text), ".=") && !SWRCACHE_BEGINS(SWRCACHE_POINT(text), ".0=") &&        \
     SWRCACHE_REST(text, '*') == 5 && SWRCACHE_REST(text, '/') == 4 && SWRCACHE_REST(text, '+') == 3 &&      \
     SWRCACHE_REST(text, '-') == 2 && SWRCACHE_REST(text, 'e') == 1)
#define SWRCACHE_POINT(text)   __builtin_strchr(__builtin_strchr(text "=.*/+-e", '='), '.')
#define SWRCACHE_REST(text, c) __builtin_strlen(__builtin_strchr(SWRCACHE_POINT(text), c))

/* The result of SWR_CACHED; the other forms know theirs. */
#define SWRCACHE_CHECK_VALUE(ret, fn)                                                                        \
    _Static_assert(!SWRCACHE_IS_CONST(ret),                                                                  \
                   "'" #fn "' returns a value, which is its caller's: leave out const and volatile");        \
    _Static_assert(__builtin_classify_type(SWRCACHE_LVALUE(ret)) != 5,                                       \
                   "'" #fn "' returns a pointer: use SWR_CACHED_STRING for a string that the caller frees, " \
                   "or SWR_CACHED_OBJECT with copy and free");                                               \
    SWRCACHE_CHECK_FITS(ret, "the result of '" #fn "'")
#define SWRCACHE_CHECK_STRING(ret, fn)
#define SWRCACHE_CHECK_OBJECT(ret, fn)
#define SWRCACHE_CHECK_VOID(ret, fn)

#endif
