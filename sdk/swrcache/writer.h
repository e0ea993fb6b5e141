/*
 * writer.h - functions that change what others have cached.
 *
 *   SWR_INVALIDATES(int, rename_user, (SWR_VAL(int, id), SWR_STR(name)), ("tag:user:%d", id), ("user_list"))
 *   {
 *       ...                                   the write; swrcache_fail() if it did not happen
 *   }
 *
 * After the body the targets are invalidated (SWR_EXPIRES: expired), all of them together. Each is a printf
 * list over the parameters; out-parameters hold by then what the body has written. For a writer that leaves
 * by an exception or is cancelled they are told all the same, for the write may have happened; a longjmp()
 * out of the body passes them by.
 *
 * Beside the function itself it generates swrcache_body_fn (SWR_UNCACHED: the body without its targets),
 * swrcache_run_fn, swrcache_targets_fn and swrcache_tell_fn. `shape` is VALUE or VOID, `verb` invalidate or
 * expire.
 */
#ifndef SWRCACHE_WRITER_H
#define SWRCACHE_WRITER_H

#pragma GCC system_header

#include "define.h"

/* One target's verdict: GOOD, NONE (the end of the list), LOOSE (no parentheses) or COMMA (missing after). */
#define SWRCACHE_TARGET(t)                                                                                   \
    SWRCACHE_CAT(SWRCACHE_TARGET_, SWRCACHE_SECOND(SWRCACHE_TARGET_PROBE t, 0, ~))                           \
    (t, SWRCACHE_THIRD(SWRCACHE_TARGET_PROBE t, , ))
#define SWRCACHE_TARGET_PROBE(...) ~, 1,
#define SWRCACHE_TARGET_0(t, rest) SWRCACHE_CAT(SWRCACHE_TARGET_0_, SWRCACHE_NOTHING(t))
#define SWRCACHE_TARGET_0_0        LOOSE
#define SWRCACHE_TARGET_0_1        NONE
#define SWRCACHE_TARGET_1(t, rest)                                                                           \
    SWRCACHE_CAT(SWRCACHE_TARGET_1_, SWRCACHE_SECOND(SWRCACHE_TARGET_AGAIN rest, SWRCACHE_NOTHING(rest), ~))
#define SWRCACHE_TARGET_AGAIN(...) ~, 0,
#define SWRCACHE_TARGET_1_0        COMMA
#define SWRCACHE_TARGET_1_1        GOOD

/* GOOD, BAD (a target), or EMPTY: there is none. */
#define SWRCACHE_TARGETS(first, ...)                                                                         \
    SWRCACHE_CAT(SWRCACHE_TARGETS_, SWRCACHE_TARGET(first))(first, __VA_ARGS__)
#define SWRCACHE_TARGETS_NONE(...)  EMPTY
#define SWRCACHE_TARGETS_LOOSE(...) BAD
#define SWRCACHE_TARGETS_COMMA(...) BAD
#define SWRCACHE_TARGETS_GOOD(...)                                                                           \
    SWRCACHE_CAT(SWRCACHE_TARGETS_ALL_, SWRCACHE_NOTHING(SWRCACHE_FMAP(SWRCACHE_TARGET_MARK, ~, __VA_ARGS__)))
#define SWRCACHE_TARGETS_ALL_1        GOOD
#define SWRCACHE_TARGETS_ALL_0        BAD
#define SWRCACHE_TARGET_MARK(c, i, t) SWRCACHE_CAT(SWRCACHE_TARGET_MARK_, SWRCACHE_TARGET(t))
#define SWRCACHE_TARGET_MARK_GOOD
#define SWRCACHE_TARGET_MARK_NONE
#define SWRCACHE_TARGET_MARK_LOOSE bad
#define SWRCACHE_TARGET_MARK_COMMA bad

/* The words. */
#define SWRCACHE_TARGET_WORDS(fn, i, t) SWRCACHE_CAT(SWRCACHE_TARGET_WORDS_, SWRCACHE_TARGET(t))(fn, t)
#define SWRCACHE_TARGET_WORDS_GOOD(fn, t)
#define SWRCACHE_TARGET_WORDS_NONE(fn, t)
#define SWRCACHE_TARGET_WORDS_LOOSE(fn, t)                                                                   \
    _Static_assert(0, "target '" #t "' of '" #fn                                                             \
                      "' stands in parentheses of its own, as (\"tag:user:%d\", id)");
#define SWRCACHE_TARGET_WORDS_COMMA(fn, t)                                                                   \
    _Static_assert(0, "a comma is missing between the targets '" #t "' of '" #fn "'");
#define SWRCACHE_TARGET_TEXT(fn, i, t) SWRCACHE_CAT(SWRCACHE_TARGET_TEXT_, SWRCACHE_TARGET(t))(fn, t)
#define SWRCACHE_TARGET_TEXT_NONE(fn, t)
#define SWRCACHE_TARGET_TEXT_GOOD(fn, t)  SWRCACHE_TARGET_FIRST(fn, SWRCACHE_FIRST t)
#define SWRCACHE_TARGET_FIRST(fn, format) SWRCACHE_TARGET_FIRST_(fn, format)
#define SWRCACHE_TARGET_FIRST_(fn, format)                                                                   \
    _Static_assert(sizeof(#format) > 3 && __builtin_strncmp(#format, "\"", 1) == 0,                          \
                   "target (" #format ") of '" #fn                                                           \
                   "' begins with a string: a function, \"region:...\", \"tag:...\" or \"event:...\"");

/* The same by position in the list. */
#define SWRCACHE_EACH_FORMAT(c, i, t) SWRCACHE_CAT(SWRCACHE_EACH_FORMAT_, SWRCACHE_TARGET(t))(t)
#define SWRCACHE_EACH_FORMAT_GOOD(t)  SWRCACHE_FIRST t,
#define SWRCACHE_EACH_FORMAT_NONE(t)
#define SWRCACHE_EACH_TELL(verb, i, t)   SWRCACHE_CAT(SWRCACHE_EACH_TELL_, SWRCACHE_TARGET(t))(verb, t)
#define SWRCACHE_EACH_TELL_GOOD(verb, t) swrcache_##verb t;
#define SWRCACHE_EACH_TELL_NONE(verb, t)
#define SWRCACHE_EACH_UNUSED(c, i, p) (void)(SWRCACHE_NAME_##p);

#define SWRCACHE_WRITE_VALUE(ret, fn, list)                                                                  \
    if (swrcache_api) {                                                                                      \
        __typeof__(ret) swrcache_result;                                                                     \
        SWRCACHE_ARGS(list);                                                                                 \
        swrcache_write_(&swrcache_writer_##fn, swrcache_args, &swrcache_result);                             \
        return swrcache_result;                                                                              \
    }                                                                                                        \
    return swrcache_body_##fn(SWRCACHE_NAMES(list));
#define SWRCACHE_WRITE_VOID(ret, fn, list)                                                                   \
    if (!swrcache_api) {                                                                                     \
        swrcache_body_##fn(SWRCACHE_NAMES(list));                                                            \
    } else {                                                                                                 \
        SWRCACHE_ARGS(list);                                                                                 \
        swrcache_write_(&swrcache_writer_##fn, swrcache_args, NULL);                                         \
    }

/* The whole of a good one, up to the body's own braces. */
#define SWRCACHE_WRITER_GOOD(link, shape, verb, ret, fn, list, ...)                                          \
    SWRCACHE_NO_STATIC SWRCACHE_MAP(SWRCACHE_EACH_ASSERT, fn, list)                                          \
        SWRCACHE_FMAP(SWRCACHE_TARGET_TEXT, fn, __VA_ARGS__)                                                 \
            SWRCACHE_AGAIN SWRCACHE_LINK_##link __typeof__(ret) fn(SWRCACHE_PARAMS(list));                   \
    SWRCACHE_AUX_##link __typeof__(ret) swrcache_body_##fn(SWRCACHE_PARAMS(list));                           \
    SWRCACHE_ONCE                                                                                            \
    static void swrcache_run_##fn(const struct swrcache_arg *swrcache_args, void *swrcache_result)           \
    {                                                                                                        \
        (void)swrcache_args;                                                                                 \
        (void)swrcache_result;                                                                               \
        SWRCACHE_RUN_##shape(ret, swrcache_body_##fn(SWRCACHE_BACKS(list)));                                 \
    }                                                                                                        \
    static void swrcache_targets_##fn(SWRCACHE_PARAMS(list))                                                 \
    {                                                                                                        \
        SWRCACHE_MAP(SWRCACHE_EACH_UNUSED, ~, list)                                                          \
        SWRCACHE_FMAP(SWRCACHE_EACH_TELL, verb, __VA_ARGS__)                                                 \
    }                                                                                                        \
    static void swrcache_tell_##fn(const struct swrcache_arg *swrcache_args)                                 \
    {                                                                                                        \
        (void)swrcache_args;                                                                                 \
        swrcache_begin();                                                                                    \
        swrcache_targets_##fn(SWRCACHE_BACKS(list));                                                         \
        swrcache_commit();                                                                                   \
    }                                                                                                        \
    static const char *const swrcache_formats_##fn[] = {SWRCACHE_FMAP(SWRCACHE_EACH_FORMAT, ~, __VA_ARGS__)  \
                                                            NULL};                                           \
    static const struct swrcache_writer swrcache_writer_##fn = {                                             \
        .abi = SWRCACHE_ABI,                                                                                 \
        .size = sizeof(struct swrcache_writer),                                                              \
        .name = #fn,                                                                                         \
        .file = __FILE__,                                                                                    \
        .line = __LINE__,                                                                                    \
        .ntargets = sizeof swrcache_formats_##fn / sizeof *swrcache_formats_##fn - 1,                        \
        .targets = swrcache_formats_##fn,                                                                    \
        .run = swrcache_run_##fn,                                                                            \
        .tell = swrcache_tell_##fn,                                                                          \
    };                                                                                                       \
    static const struct swrcache_writer *swrcache_listed_##fn SWRCACHE_LISTED("swrcache_writers") =          \
        &swrcache_writer_##fn;                                                                               \
    SWRCACHE_LINK_##link __typeof__(ret) fn(SWRCACHE_PARAMS(list)){                                          \
        SWRCACHE_MAP(SWRCACHE_EACH_INSIDE, fn, list) SWRCACHE_WRITE_##shape(                                 \
            ret, fn, list)} SWRCACHE_AUX_##link __typeof__(ret) swrcache_body_##fn(SWRCACHE_PARAMS(list))

/* Bad targets are told; the writer is then a plain function. */
#define SWRCACHE_WRITER_BAD(link, shape, verb, ret, fn, list, ...)                                           \
    SWRCACHE_FMAP(SWRCACHE_TARGET_WORDS, fn, __VA_ARGS__) __typeof__(ret) fn(SWRCACHE_PARAMS(list));         \
    __typeof__(ret) fn(SWRCACHE_PARAMS(list))
#define SWRCACHE_WRITER_EMPTY(link, shape, verb, ret, fn, list, ...)                                         \
    _Static_assert(0, "'" #fn "' names no target: after the parameters, (\"region:shop\"), "                 \
                      "(\"tag:user:%d\", id) ...");                                                          \
    __typeof__(ret) fn(SWRCACHE_PARAMS(list));                                                               \
    __typeof__(ret) fn(SWRCACHE_PARAMS(list))

/* By the parameters' status. */
#define SWRCACHE_WRITER_OF_GOOD(link, shape, verb, ret, fn, list, ...)                                       \
    SWRCACHE_WRITER_AS(SWRCACHE_TARGETS(__VA_ARGS__, ), link, shape, verb, ret, fn, list, __VA_ARGS__)
#define SWRCACHE_WRITER_AS(status, ...)  SWRCACHE_WRITER_AS_(status, __VA_ARGS__)
#define SWRCACHE_WRITER_AS_(status, ...) SWRCACHE_WRITER_##status(__VA_ARGS__)
#define SWRCACHE_WRITER_OF_BAD(link, shape, verb, ret, fn, list, ...)                                        \
    SWRCACHE_DEFINE_BAD(link, shape, ret, "", fn, list, , , )
#define SWRCACHE_WRITER_OF_MANY(link, shape, verb, ret, fn, list, ...)                                       \
    SWRCACHE_DEFINE_MANY(link, shape, ret, "", fn, list, , , )
#define SWRCACHE_WRITER_OF_LOOSE(link, shape, verb, ret, fn, list, ...)                                      \
    SWRCACHE_DEFINE_LOOSE(link, shape, ret, "", fn, list, , , )

#define SWRCACHE_WRITER_SHAPE_0 VALUE
#define SWRCACHE_WRITER_SHAPE_1 VOID
#define SWRCACHE_WRITER(link, verb, ret, fn, list, ...)                                                      \
    SWRCACHE_WRITER_OF(SWRCACHE_STATUS_OF_PARAMS(list), link,                                                \
                       SWRCACHE_CAT(SWRCACHE_WRITER_SHAPE_, SWRCACHE_SECOND(SWRCACHE_NONE_##ret(), 0, ~)),   \
                       verb, ret, fn, list, __VA_ARGS__)
#define SWRCACHE_WRITER_OF(status, ...)  SWRCACHE_WRITER_OF_(status, __VA_ARGS__)
#define SWRCACHE_WRITER_OF_(status, ...) SWRCACHE_WRITER_OF_##status(__VA_ARGS__)

#endif
