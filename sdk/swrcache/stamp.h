/*
 * stamp.h - a macro for every element of a list, as stamps of fixed arity.
 *
 * Nothing here recurses: a mistake inside an annotation is reported once, not once a level.
 *
 *   SWRCACHE_LIST(f, c, (a, b))    f(c, 0, a), f(c, 1, b)      of none: f_NONE
 *   SWRCACHE_MAP(f, c, (a, b))     f(c, 0, a) f(c, 1, b)       of none: nothing
 *   SWRCACHE_FLIST(f, c, a, b)     as LIST, for the fields of one parameter inside a LIST or MAP
 *   SWRCACHE_FMAP(f, c, a, b)      as MAP, likewise; of more than 16 only the first
 *
 * A list is up to 12 parameters (stamps go to 16 so that 13 can still be told in our own words);
 * `()` and `(void)` are the list of none. Fields go to 16.
 */
#ifndef SWRCACHE_STAMP_H
#define SWRCACHE_STAMP_H

#pragma GCC system_header

#define SWRCACHE_CAT(a, b)  SWRCACHE_CAT_(a, b)
#define SWRCACHE_CAT_(a, b) a##b

#define SWRCACHE_FIRST(...)         SWRCACHE_FIRST_(__VA_ARGS__, ~)
#define SWRCACHE_FIRST_(a, ...)     a
#define SWRCACHE_SECOND(...)        SWRCACHE_SECOND_(__VA_ARGS__, ~)
#define SWRCACHE_SECOND_(a, b, ...) b
#define SWRCACHE_UNWRAP(...)        __VA_ARGS__

#define SWRCACHE_THIRD(...)           SWRCACHE_THIRD_(__VA_ARGS__, ~)
#define SWRCACHE_THIRD_(a, b, c, ...) c

/* 1 if there is no token at all (or parentheses first: they do not occur), else 0. */
#define SWRCACHE_NOTHING(...)       SWRCACHE_NOTHING_(SWRCACHE_NOTHING_PROBE __VA_ARGS__(), 0, ~)
#define SWRCACHE_NOTHING_(...)      SWRCACHE_SECOND(__VA_ARGS__)
#define SWRCACHE_NOTHING_PROBE(...) ~, 1

/* 1 if it is one pair of parentheses with what they hold, else 0. */
#define SWRCACHE_IS_LIST(list) SWRCACHE_NOTHING(SWRCACHE_EAT list)
#define SWRCACHE_EAT(...)

/* 1 if the list is empty or `void`, else 0. The appended () tells `void` from `void *p`. */
#define SWRCACHE_IS_NONE(...)     SWRCACHE_IS_NONE_(__VA_ARGS__, ~)
#define SWRCACHE_IS_NONE_(a, ...) SWRCACHE_SECOND(SWRCACHE_NONE_##a(), 0, ~)
#define SWRCACHE_NONE_()          ~, 1
#define SWRCACHE_NONE_void(...)   SWRCACHE_CAT(SWRCACHE_NONE_VOID_, SWRCACHE_NOTHING(__VA_ARGS__))
#define SWRCACHE_NONE_VOID_1      ~, 1
#define SWRCACHE_NONE_VOID_0      /* void (*)(int) */

/* How many arguments, at least 1; 17 to 32 are all MANY. */
#define SWRCACHE_COUNT(...)                                                                                  \
    SWRCACHE_COUNT_(__VA_ARGS__, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY,     \
                    MANY, MANY, MANY, MANY, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, ~)
#define SWRCACHE_COUNT_(p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15, p16, p17, p18, \
                        p19, p20, p21, p22, p23, p24, p25, p26, p27, p28, p29, p30, p31, n, ...)             \
    n

/* How many parameters: 0 to 16, or MANY. */
#define SWRCACHE_N(...)   SWRCACHE_CAT(SWRCACHE_N_, SWRCACHE_IS_NONE(__VA_ARGS__))(__VA_ARGS__)
#define SWRCACHE_N_0(...) SWRCACHE_COUNT(__VA_ARGS__)
#define SWRCACHE_N_1(...) 0

#define SWRCACHE_APPLY(m, ...)  m(__VA_ARGS__)
#define SWRCACHE_FAPPLY(m, ...) m(__VA_ARGS__)

#define SWRCACHE_LIST(f, c, list)                                                                            \
    SWRCACHE_APPLY(SWRCACHE_CAT(SWRCACHE_LIST_, SWRCACHE_N list), f, c, SWRCACHE_UNWRAP list)
#define SWRCACHE_MAP(f, c, list)                                                                             \
    SWRCACHE_APPLY(SWRCACHE_CAT(SWRCACHE_MAP_, SWRCACHE_N list), f, c, SWRCACHE_UNWRAP list)
#define SWRCACHE_FLIST(f, c, ...)                                                                            \
    SWRCACHE_FAPPLY(SWRCACHE_CAT(SWRCACHE_FLIST_, SWRCACHE_COUNT(__VA_ARGS__)), f, c, __VA_ARGS__)
#define SWRCACHE_FMAP(f, c, ...)                                                                             \
    SWRCACHE_FAPPLY(SWRCACHE_CAT(SWRCACHE_FMAP_, SWRCACHE_COUNT(__VA_ARGS__)), f, c, __VA_ARGS__)

/* clang-format off */
#define SWRCACHE_LIST_0(f, c, ...) f##_NONE
#define SWRCACHE_LIST_MANY(f, c, ...) f##_NONE
#define SWRCACHE_LIST_1(f, c, a) \
    f(c, 0, a)
#define SWRCACHE_LIST_2(f, c, a, b) \
    f(c, 0, a), f(c, 1, b)
#define SWRCACHE_LIST_3(f, c, a, b, d) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d)
#define SWRCACHE_LIST_4(f, c, a, b, d, e) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e)
#define SWRCACHE_LIST_5(f, c, a, b, d, e, g) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g)
#define SWRCACHE_LIST_6(f, c, a, b, d, e, g, h) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h)
#define SWRCACHE_LIST_7(f, c, a, b, d, e, g, h, i) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i)
#define SWRCACHE_LIST_8(f, c, a, b, d, e, g, h, i, j) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j)
#define SWRCACHE_LIST_9(f, c, a, b, d, e, g, h, i, j, k) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j), \
    f(c, 8, k)
#define SWRCACHE_LIST_10(f, c, a, b, d, e, g, h, i, j, k, l) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j), \
    f(c, 8, k), f(c, 9, l)
#define SWRCACHE_LIST_11(f, c, a, b, d, e, g, h, i, j, k, l, m) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j), \
    f(c, 8, k), f(c, 9, l), f(c, 10, m)
#define SWRCACHE_LIST_12(f, c, a, b, d, e, g, h, i, j, k, l, m, n) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j), \
    f(c, 8, k), f(c, 9, l), f(c, 10, m), f(c, 11, n)
#define SWRCACHE_LIST_13(f, c, a, b, d, e, g, h, i, j, k, l, m, n, o) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j), \
    f(c, 8, k), f(c, 9, l), f(c, 10, m), f(c, 11, n), f(c, 12, o)
#define SWRCACHE_LIST_14(f, c, a, b, d, e, g, h, i, j, k, l, m, n, o, p) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j), \
    f(c, 8, k), f(c, 9, l), f(c, 10, m), f(c, 11, n), f(c, 12, o), f(c, 13, p)
#define SWRCACHE_LIST_15(f, c, a, b, d, e, g, h, i, j, k, l, m, n, o, p, q) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j), \
    f(c, 8, k), f(c, 9, l), f(c, 10, m), f(c, 11, n), f(c, 12, o), f(c, 13, p), f(c, 14, q)
#define SWRCACHE_LIST_16(f, c, a, b, d, e, g, h, i, j, k, l, m, n, o, p, q, r) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j), \
    f(c, 8, k), f(c, 9, l), f(c, 10, m), f(c, 11, n), f(c, 12, o), f(c, 13, p), f(c, 14, q), f(c, 15, r)

#define SWRCACHE_MAP_0(f, c, ...)
#define SWRCACHE_MAP_MANY(f, c, ...)
#define SWRCACHE_MAP_1(f, c, a) \
    f(c, 0, a)
#define SWRCACHE_MAP_2(f, c, a, b) \
    f(c, 0, a) f(c, 1, b)
#define SWRCACHE_MAP_3(f, c, a, b, d) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d)
#define SWRCACHE_MAP_4(f, c, a, b, d, e) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e)
#define SWRCACHE_MAP_5(f, c, a, b, d, e, g) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g)
#define SWRCACHE_MAP_6(f, c, a, b, d, e, g, h) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h)
#define SWRCACHE_MAP_7(f, c, a, b, d, e, g, h, i) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i)
#define SWRCACHE_MAP_8(f, c, a, b, d, e, g, h, i, j) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j)
#define SWRCACHE_MAP_9(f, c, a, b, d, e, g, h, i, j, k) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j) f(c, 8, k)
#define SWRCACHE_MAP_10(f, c, a, b, d, e, g, h, i, j, k, l) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j) f(c, 8, k) \
    f(c, 9, l)
#define SWRCACHE_MAP_11(f, c, a, b, d, e, g, h, i, j, k, l, m) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j) f(c, 8, k) \
    f(c, 9, l) f(c, 10, m)
#define SWRCACHE_MAP_12(f, c, a, b, d, e, g, h, i, j, k, l, m, n) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j) f(c, 8, k) \
    f(c, 9, l) f(c, 10, m) f(c, 11, n)
#define SWRCACHE_MAP_13(f, c, a, b, d, e, g, h, i, j, k, l, m, n, o) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j) f(c, 8, k) \
    f(c, 9, l) f(c, 10, m) f(c, 11, n) f(c, 12, o)
#define SWRCACHE_MAP_14(f, c, a, b, d, e, g, h, i, j, k, l, m, n, o, p) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j) f(c, 8, k) \
    f(c, 9, l) f(c, 10, m) f(c, 11, n) f(c, 12, o) f(c, 13, p)
#define SWRCACHE_MAP_15(f, c, a, b, d, e, g, h, i, j, k, l, m, n, o, p, q) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j) f(c, 8, k) \
    f(c, 9, l) f(c, 10, m) f(c, 11, n) f(c, 12, o) f(c, 13, p) f(c, 14, q)
#define SWRCACHE_MAP_16(f, c, a, b, d, e, g, h, i, j, k, l, m, n, o, p, q, r) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j) f(c, 8, k) \
    f(c, 9, l) f(c, 10, m) f(c, 11, n) f(c, 12, o) f(c, 13, p) f(c, 14, q) f(c, 15, r)

#define SWRCACHE_FLIST_1(f, c, a) \
    f(c, 0, a)
#define SWRCACHE_FLIST_2(f, c, a, b) \
    f(c, 0, a), f(c, 1, b)
#define SWRCACHE_FLIST_3(f, c, a, b, d) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d)
#define SWRCACHE_FLIST_4(f, c, a, b, d, e) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e)
#define SWRCACHE_FLIST_5(f, c, a, b, d, e, g) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g)
#define SWRCACHE_FLIST_6(f, c, a, b, d, e, g, h) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h)
#define SWRCACHE_FLIST_7(f, c, a, b, d, e, g, h, i) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i)
#define SWRCACHE_FLIST_8(f, c, a, b, d, e, g, h, i, j) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j)
#define SWRCACHE_FLIST_9(f, c, a, b, d, e, g, h, i, j, k) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j), \
    f(c, 8, k)
#define SWRCACHE_FLIST_10(f, c, a, b, d, e, g, h, i, j, k, l) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j), \
    f(c, 8, k), f(c, 9, l)
#define SWRCACHE_FLIST_11(f, c, a, b, d, e, g, h, i, j, k, l, m) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j), \
    f(c, 8, k), f(c, 9, l), f(c, 10, m)
#define SWRCACHE_FLIST_12(f, c, a, b, d, e, g, h, i, j, k, l, m, n) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j), \
    f(c, 8, k), f(c, 9, l), f(c, 10, m), f(c, 11, n)
#define SWRCACHE_FLIST_13(f, c, a, b, d, e, g, h, i, j, k, l, m, n, o) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j), \
    f(c, 8, k), f(c, 9, l), f(c, 10, m), f(c, 11, n), f(c, 12, o)
#define SWRCACHE_FLIST_14(f, c, a, b, d, e, g, h, i, j, k, l, m, n, o, p) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j), \
    f(c, 8, k), f(c, 9, l), f(c, 10, m), f(c, 11, n), f(c, 12, o), f(c, 13, p)
#define SWRCACHE_FLIST_15(f, c, a, b, d, e, g, h, i, j, k, l, m, n, o, p, q) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j), \
    f(c, 8, k), f(c, 9, l), f(c, 10, m), f(c, 11, n), f(c, 12, o), f(c, 13, p), f(c, 14, q)
#define SWRCACHE_FLIST_16(f, c, a, b, d, e, g, h, i, j, k, l, m, n, o, p, q, r) \
    f(c, 0, a), f(c, 1, b), f(c, 2, d), f(c, 3, e), f(c, 4, g), f(c, 5, h), f(c, 6, i), f(c, 7, j), \
    f(c, 8, k), f(c, 9, l), f(c, 10, m), f(c, 11, n), f(c, 12, o), f(c, 13, p), f(c, 14, q), f(c, 15, r)

#define SWRCACHE_FMAP_MANY(f, c, a, ...) \
    f(c, 0, a)
#define SWRCACHE_FMAP_1(f, c, a) \
    f(c, 0, a)
#define SWRCACHE_FMAP_2(f, c, a, b) \
    f(c, 0, a) f(c, 1, b)
#define SWRCACHE_FMAP_3(f, c, a, b, d) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d)
#define SWRCACHE_FMAP_4(f, c, a, b, d, e) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e)
#define SWRCACHE_FMAP_5(f, c, a, b, d, e, g) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g)
#define SWRCACHE_FMAP_6(f, c, a, b, d, e, g, h) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h)
#define SWRCACHE_FMAP_7(f, c, a, b, d, e, g, h, i) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i)
#define SWRCACHE_FMAP_8(f, c, a, b, d, e, g, h, i, j) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j)
#define SWRCACHE_FMAP_9(f, c, a, b, d, e, g, h, i, j, k) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j) f(c, 8, k)
#define SWRCACHE_FMAP_10(f, c, a, b, d, e, g, h, i, j, k, l) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j) f(c, 8, k) \
    f(c, 9, l)
#define SWRCACHE_FMAP_11(f, c, a, b, d, e, g, h, i, j, k, l, m) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j) f(c, 8, k) \
    f(c, 9, l) f(c, 10, m)
#define SWRCACHE_FMAP_12(f, c, a, b, d, e, g, h, i, j, k, l, m, n) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j) f(c, 8, k) \
    f(c, 9, l) f(c, 10, m) f(c, 11, n)
#define SWRCACHE_FMAP_13(f, c, a, b, d, e, g, h, i, j, k, l, m, n, o) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j) f(c, 8, k) \
    f(c, 9, l) f(c, 10, m) f(c, 11, n) f(c, 12, o)
#define SWRCACHE_FMAP_14(f, c, a, b, d, e, g, h, i, j, k, l, m, n, o, p) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j) f(c, 8, k) \
    f(c, 9, l) f(c, 10, m) f(c, 11, n) f(c, 12, o) f(c, 13, p)
#define SWRCACHE_FMAP_15(f, c, a, b, d, e, g, h, i, j, k, l, m, n, o, p, q) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j) f(c, 8, k) \
    f(c, 9, l) f(c, 10, m) f(c, 11, n) f(c, 12, o) f(c, 13, p) f(c, 14, q)
#define SWRCACHE_FMAP_16(f, c, a, b, d, e, g, h, i, j, k, l, m, n, o, p, q, r) \
    f(c, 0, a) f(c, 1, b) f(c, 2, d) f(c, 3, e) f(c, 4, g) f(c, 5, h) f(c, 6, i) f(c, 7, j) f(c, 8, k) \
    f(c, 9, l) f(c, 10, m) f(c, 11, n) f(c, 12, o) f(c, 13, p) f(c, 14, q) f(c, 15, r)
/* clang-format on */

#endif
