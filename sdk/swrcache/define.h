/*
 * define.h - the code behind an annotation.
 *
 * For a function `fn` it generates, beside `fn` itself (the trampoline):
 *
 *   swrcache_body_fn(...)           the user's body
 *   swrcache_run_fn(args, result)   calls the body with arguments of the runtime
 *   swrcache_site_fn                all that the runtime knows of it, with _params_, _policy_, _enrolled_
 *   swrcache_op_fn(verb, ...)       behind SWR_INVALIDATE, SWR_EXPIRE, SWR_REFRESH
 *   swrcache_all_fn(verb)           behind SWR_INVALIDATE_ALL, SWR_EXPIRE_ALL
 *   swrcache_read_fn(forced, ...)   behind SWR_PEEK and SWR_FORCED
 *
 * Locals all start with swrcache_, so that no parameter's name can meet them.
 * `form` is VALUE, STRING, OBJECT or VOID; `link` is EXTERN or STATIC.
 */
#ifndef SWRCACHE_DEFINE_H
#define SWRCACHE_DEFINE_H

#pragma GCC system_header

#include "abi.h"
#include "api.h"
#include "check.h"
#include "kind.h"
#include "policy.h"
#include "stamp.h"

#define SWRCACHE_FLAGS_EXTERN 0
#define SWRCACHE_FLAGS_STATIC 0
#define SWRCACHE_LINK_EXTERN
/* Unused: one in a header need not be called by every file that includes it. */
#define SWRCACHE_LINK_STATIC static __attribute__((unused))
#define SWRCACHE_AUX_EXTERN
#define SWRCACHE_AUX_STATIC SWRCACHE_LINK_STATIC

#define SWRCACHE_PARAMS(list) SWRCACHE_LIST(SWRCACHE_EACH_DECL, ~, list)
#define SWRCACHE_MORE(list)   SWRCACHE_MAP(SWRCACHE_EACH_MORE, ~, list)
#define SWRCACHE_NAMES(list)  SWRCACHE_LIST(SWRCACHE_EACH_NAME, ~, list)
#define SWRCACHE_BACKS(list)  SWRCACHE_LIST(SWRCACHE_EACH_BACK, ~, list)
#define SWRCACHE_ARGS(list)                                                                                  \
    const struct swrcache_arg swrcache_args[] = {SWRCACHE_LIST(SWRCACHE_EACH_ARG, ~, list)}

/* Where peek and forced write: VOID has no result, any pointer will do. */
#define SWRCACHE_RESULT_VALUE(ret)  __typeof__(ret) *
#define SWRCACHE_RESULT_STRING(ret) __typeof__(ret) *
#define SWRCACHE_RESULT_OBJECT(ret) __typeof__(ret) *
#define SWRCACHE_RESULT_VOID(ret)   void *

#define SWRCACHE_PROTOTYPES(link, shape, ret, fn, list, more)                                                \
    SWRCACHE_LINK_##link __typeof__(ret) fn(list);                                                           \
    SWRCACHE_AUX_##link __typeof__(ret) swrcache_body_##fn(list);                                            \
    SWRCACHE_AUX_##link size_t swrcache_op_##fn(enum swrcache_operation swrcache_verb more);                 \
    SWRCACHE_AUX_##link size_t swrcache_all_##fn(enum swrcache_operation swrcache_verb);                     \
    SWRCACHE_AUX_##link bool swrcache_read_##fn(bool swrcache_forced,                                        \
                                                SWRCACHE_RESULT_##shape(ret) swrcache_result more)

/* By shape: run the body, the trampoline, the members of the site that describe the result. */
#define SWRCACHE_RUN_VOID(ret, call)   call
#define SWRCACHE_RUN_VALUE(ret, call)  *(__typeof__(ret) *)swrcache_result = call
#define SWRCACHE_RUN_STRING(ret, call) SWRCACHE_RUN_VALUE(ret, call)
#define SWRCACHE_RUN_OBJECT(ret, call) SWRCACHE_RUN_VALUE(ret, call)

#define SWRCACHE_CALL_VOID(ret, fn, list)                                                                    \
    if (__builtin_expect(!swrcache_api, 0)) {                                                                \
        swrcache_body_##fn(SWRCACHE_NAMES(list));                                                            \
    } else {                                                                                                 \
        SWRCACHE_ARGS(list);                                                                                 \
        swrcache_api->call(&swrcache_site_##fn, swrcache_args, NULL);                                        \
    }
#define SWRCACHE_CALL_VALUE(ret, fn, list)                                                                   \
    if (__builtin_expect(swrcache_api != NULL, 1)) {                                                         \
        __typeof__(ret) swrcache_result;                                                                     \
        SWRCACHE_ARGS(list);                                                                                 \
        swrcache_api->call(&swrcache_site_##fn, swrcache_args, &swrcache_result);                            \
        return swrcache_result;                                                                              \
    }                                                                                                        \
    return swrcache_body_##fn(SWRCACHE_NAMES(list));
#define SWRCACHE_CALL_STRING(ret, fn, list) SWRCACHE_CALL_VALUE(ret, fn, list)
#define SWRCACHE_CALL_OBJECT(ret, fn, list) SWRCACHE_CALL_VALUE(ret, fn, list)

#define SWRCACHE_SITE_VALUE(ret, fn)                                                                         \
    .result_cls = SWRCACHE_CLASS(SWRCACHE_LVALUE(ret)), .result_size = sizeof(ret),
#define SWRCACHE_SITE_STRING(ret, fn) .result_cls = SWRCACHE_CLASS_POINTER, .result_size = sizeof(void *),
#define SWRCACHE_SITE_OBJECT(ret, fn)                                                                        \
    .result_cls = SWRCACHE_CLASS_POINTER, .result_size = sizeof(void *), .copy = swrcache_copy_##fn,         \
    .release = swrcache_release_##fn,
#define SWRCACHE_SITE_VOID(ret, fn)

/* OBJECT: the user's copy and free take and give the user's type. */
#define SWRCACHE_THUNKS_OBJECT(ret, fn, copy_, free_)                                                        \
    _Static_assert(sizeof(#free_) > 1, "'" #fn "' needs a copy and a free function after its parameters: "   \
                                       "SWR_CACHED_OBJECT(type, " #fn ", (...), copy, free)");               \
    _Static_assert(__builtin_classify_type(copy_((__typeof__(ret))0)) == 5,                                  \
                   "the copy function of '" #fn                                                              \
                   "' must return a pointer: the same with one more reference, or a copy");                  \
    static void *swrcache_copy_##fn(const void *swrcache_master)                                             \
    {                                                                                                        \
        __typeof__(ret) swrcache_copy = copy_((__typeof__(ret))(uintptr_t)swrcache_master);                  \
        return (void *)(uintptr_t)swrcache_copy;                                                             \
    }                                                                                                        \
    static void swrcache_release_##fn(void *swrcache_master)                                                 \
    {                                                                                                        \
        free_((__typeof__(ret))swrcache_master);                                                             \
    }
#define SWRCACHE_THUNKS_VALUE(ret, fn, copy_, free_)
#define SWRCACHE_THUNKS_STRING(ret, fn, copy_, free_)
#define SWRCACHE_THUNKS_VOID(ret, fn, copy_, free_)

/* Where a header declares a function the definition does so once more, also for who minds -Wredundant-decls.
 */
#define SWRCACHE_AGAIN _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wredundant-decls\"")
#define SWRCACHE_ONCE  _Pragma("GCC diagnostic pop")

/* Whoever writes `static` before an annotation is told of one word too many, not of what follows. */
#define SWRCACHE_NO_STATIC typedef int swrcache_static_functions_are_SWR_STATIC_CACHED;

/* The whole of a good annotation, up to the body's own braces. */
#define SWRCACHE_DEFINE_GOOD(link, shape, ret, spelt, fn, list, copy_, free_, ...)                           \
    SWRCACHE_NO_STATIC SWRCACHE_CHECK_##shape(ret, fn) SWRCACHE_MAP(SWRCACHE_EACH_ASSERT, fn, list)          \
        SWRCACHE_AGAIN SWRCACHE_EMIT_PROTOTYPES(link, shape, ret, fn, list);                                 \
    SWRCACHE_ONCE                                                                                            \
    SWRCACHE_THUNKS_##shape(ret, fn, copy_, free_) static void swrcache_run_##fn(                            \
        const struct swrcache_arg *swrcache_args, void *swrcache_result)                                     \
    {                                                                                                        \
        (void)swrcache_args;                                                                                 \
        (void)swrcache_result;                                                                               \
        SWRCACHE_RUN_##shape(ret, swrcache_body_##fn(SWRCACHE_BACKS(list)));                                 \
    }                                                                                                        \
    SWRCACHE_BITS(shape, ret, fn, list)                                                                      \
    static const struct swrcache_param swrcache_params_##fn[] = {                                            \
        SWRCACHE_LIST(SWRCACHE_EACH_INFO, fn, list)};                                                        \
    SWRCACHE_CHECK_POLICY(fn, __VA_ARGS__)                                                                   \
    SWRCACHE_POLICY(fn, __VA_ARGS__)                                                                         \
    static struct swrcache_site swrcache_site_##fn = {.abi = SWRCACHE_ABI,                                   \
                                                      .size = sizeof(struct swrcache_site),                  \
                                                      .name = #fn,                                           \
                                                      .file = __FILE__,                                      \
                                                      .line = __LINE__,                                      \
                                                      .form = SWRCACHE_FORM_##shape,                         \
                                                      SWRCACHE_SITE_##shape(ret, fn).result_type = spelt,    \
                                                      .params = swrcache_params_##fn,                        \
                                                      .nparams = SWRCACHE_N list,                            \
                                                      .policy_size = sizeof(struct swrcache_policy),         \
                                                      .policy = &swrcache_policy_##fn,                       \
                                                      .run = swrcache_run_##fn,                              \
                                                      .flags = SWRCACHE_FLAGS_##link,                        \
                                                      SWRCACHE_SITE_BITS(fn)};                               \
    static struct swrcache_site *swrcache_enrolled_##fn SWRCACHE_LISTED("swrcache_sites") =                  \
        &swrcache_site_##fn;                                                                                 \
    SWRCACHE_LINK_##link __typeof__(ret) fn(SWRCACHE_PARAMS(list)){SWRCACHE_MAP(                             \
        SWRCACHE_EACH_INSIDE, fn, list) SWRCACHE_CALL_##shape(ret, fn, list)} SWRCACHE_AUX_##link size_t     \
        swrcache_op_##fn(enum swrcache_operation swrcache_verb SWRCACHE_MORE(list))                          \
    {                                                                                                        \
        SWRCACHE_ARGS(list);                                                                                 \
        return swrcache_operate_(&swrcache_site_##fn, swrcache_verb, swrcache_args);                         \
    }                                                                                                        \
    SWRCACHE_AUX_##link size_t swrcache_all_##fn(enum swrcache_operation swrcache_verb)                      \
    {                                                                                                        \
        return swrcache_operate_(&swrcache_site_##fn, swrcache_verb, NULL);                                  \
    }                                                                                                        \
    SWRCACHE_AUX_##link bool swrcache_read_##fn(                                                             \
        bool swrcache_forced, SWRCACHE_RESULT_##shape(ret) swrcache_result SWRCACHE_MORE(list))              \
    {                                                                                                        \
        SWRCACHE_ARGS(list);                                                                                 \
        return swrcache_read_(&swrcache_site_##fn, swrcache_forced, swrcache_args, swrcache_result);         \
    }                                                                                                        \
    SWRCACHE_AUX_##link __typeof__(ret) swrcache_body_##fn(SWRCACHE_PARAMS(list))

#define SWRCACHE_EMIT_PROTOTYPES(link, shape, ret, fn, list)                                                 \
    SWRCACHE_APPLY_PROTOTYPES(link, shape, ret, fn, (SWRCACHE_PARAMS(list)), (SWRCACHE_MORE(list)))
#define SWRCACHE_LAX_PROTOTYPES(link, shape, ret, fn, list)                                                  \
    SWRCACHE_APPLY_PROTOTYPES(link, shape, ret, fn, (SWRCACHE_LIST(SWRCACHE_EACH_LAX, ~, list)),             \
                              (SWRCACHE_MAP(SWRCACHE_EACH_LAX_MORE, ~, list)))
#define SWRCACHE_APPLY_PROTOTYPES(link, shape, ret, fn, list, more)                                          \
    SWRCACHE_PROTOTYPES(link, shape, ret, fn, SWRCACHE_UNWRAP list, SWRCACHE_UNWRAP more)

/* The rest of a bad one: told, and a plain function. */
#define SWRCACHE_DEFINE_BAD(link, shape, ret, spelt, fn, list, copy_, free_, ...)                            \
    SWRCACHE_COMPLAIN_BAD(fn, list) SWRCACHE_DEFINE_PLAIN(shape, ret, fn, list)
#define SWRCACHE_DEFINE_MANY(link, shape, ret, spelt, fn, list, copy_, free_, ...)                           \
    SWRCACHE_COMPLAIN_MANY(fn, list) SWRCACHE_DEFINE_PLAIN(shape, ret, fn, list)
#define SWRCACHE_DEFINE_VOID(link, shape, ret, spelt, fn, list, copy_, free_, ...)                           \
    SWRCACHE_COMPLAIN_VOID(fn, list) SWRCACHE_DEFINE_PLAIN(VOID, ret, fn, list)
/* Nothing is known of the parameters: the body is left to itself. */
#define SWRCACHE_DEFINE_LOOSE(link, shape, ret, spelt, fn, list, copy_, free_, ...)                          \
    SWRCACHE_COMPLAIN_LOOSE(shape, fn, list)                                                                 \
    static __attribute__((unused)) __typeof__(ret) SWRCACHE_CAT(swrcache_misread_, __LINE__)(void)
#define SWRCACHE_DEFINE_PLAIN(shape, ret, fn, list)                                                          \
    SWRCACHE_LAX_PROTOTYPES(EXTERN, shape, ret, fn, list);                                                   \
    __typeof__(ret) fn(SWRCACHE_LIST(SWRCACHE_EACH_LAX, ~, list))

#define SWRCACHE_DEFINE(status, ...)  SWRCACHE_DEFINE_(status, __VA_ARGS__)
#define SWRCACHE_DEFINE_(status, ...) SWRCACHE_DEFINE_##status(__VA_ARGS__)

/* Here ret is still as the user wrote it; SWR_CACHED_VOID says none, so that its void is no mistake. */
#define SWRCACHE_VALUE(link, ret, spelt, fn, list, ...)                                                      \
    SWRCACHE_DEFINE(SWRCACHE_STATUS(ret, list), link, VALUE, ret, spelt, fn, list, , , __VA_ARGS__)
#define SWRCACHE_STRING(link, fn, list, ...)                                                                 \
    SWRCACHE_DEFINE(SWRCACHE_STATUS_OF_PARAMS(list), link, STRING, char *, "char *", fn, list, , ,           \
                    __VA_ARGS__)
#define SWRCACHE_OBJECT(link, ret, spelt, fn, list, copy_, free_, ...)                                       \
    SWRCACHE_DEFINE(SWRCACHE_STATUS_OF_PARAMS(list), link, OBJECT, ret, spelt, fn, list, copy_, free_,       \
                    __VA_ARGS__)
#define SWRCACHE_VOID(link, fn, list, ...)                                                                   \
    SWRCACHE_DEFINE(SWRCACHE_STATUS_OF_PARAMS(list), link, VOID, void, "void", fn, list, , , __VA_ARGS__)

/* Declarations only. */
#define SWRCACHE_DECLARE(status, ...)               SWRCACHE_DECLARE_(status, __VA_ARGS__)
#define SWRCACHE_DECLARE_(status, ...)              SWRCACHE_DECLARE_##status(__VA_ARGS__)
#define SWRCACHE_DECLARE_GOOD(shape, ret, fn, list) SWRCACHE_EMIT_PROTOTYPES(EXTERN, shape, ret, fn, list)
#define SWRCACHE_DECLARE_BAD(shape, ret, fn, list)                                                           \
    SWRCACHE_COMPLAIN_BAD(fn, list) SWRCACHE_LAX_PROTOTYPES(EXTERN, shape, ret, fn, list)
#define SWRCACHE_DECLARE_LOOSE(shape, ret, fn, list) SWRCACHE_COMPLAIN_LOOSE(shape, fn, list)
#define SWRCACHE_DECLARE_MANY(shape, ret, fn, list)                                                          \
    SWRCACHE_COMPLAIN_MANY(fn, list) SWRCACHE_LAX_PROTOTYPES(EXTERN, shape, ret, fn, list)
#define SWRCACHE_DECLARE_VOID(shape, ret, fn, list)                                                          \
    SWRCACHE_COMPLAIN_VOID(fn, list) SWRCACHE_LAX_PROTOTYPES(EXTERN, VOID, ret, fn, list)

#endif
