/*
 * maker.h - keys and bytes of the user's own making.
 *
 *   SWR_KEY(by_day, (SWR_STR(city), SWR_VAL(time_t, when)), buffer, room)
 *   {
 *       return (size_t)snprintf(buffer, room, "%s %ld", city, (long)(when / 86400));
 *   }
 *   SWR_CACHED(double, forecast, (SWR_STR(city), SWR_VAL(time_t, when)), .key = by_day) { ... }
 *
 * Calls whose keys are the same bytes share an answer. The kinds are those of the function; where they are
 * not, the runtime says so (SWR_LOG) and takes all arguments as ever. `buffer` and `room` are the last two
 * parameters of the body, named as you like. It works as snprintf does: writes at most `room` bytes and
 * returns the length there is, and is called again if that is `room` or more. SIZE_MAX: this call is not
 * cached.
 *
 *   static size_t encode_user(const struct user *user, void *buffer, size_t room);       as above
 *   static struct user *decode_user(const void *bytes, size_t len);                      NULL: it cannot
 *   SWR_CODEC(user_codec, struct user, encode_user, decode_user);
 *   SWR_CACHED_OBJECT(struct user, user_of, (SWR_VAL(int, id)), copy, free, .codec = user_codec) { ... }
 *
 * The cache keeps the bytes instead of the object: each caller gets one that was decoded for it, and a
 * refresh that brings the same bytes is seen to bring nothing new.
 *
 *   SWR_ENCODER(user_bytes, struct user, encode_user);
 *   SWR_CACHED_OBJECT(struct user, user_of, (SWR_VAL(int, id)), copy, free, .codec = user_bytes) { ... }
 *
 * Without decode the cache keeps the object itself. The bytes say what is in it to mode shadow and mode
 * observe, which compare results: leave out what may differ between equal objects.
 */
#ifndef SWRCACHE_MAKER_H
#define SWRCACHE_MAKER_H

#pragma GCC system_header

#include "define.h"

#define SWRCACHE_EACH_BACK_MORE(c, i, p) , SWRCACHE_EACH_BACK(c, i, p)

#define SWRCACHE_KEY(status, ...)  SWRCACHE_KEY_(status, __VA_ARGS__)
#define SWRCACHE_KEY_(status, ...) SWRCACHE_KEY_##status(__VA_ARGS__)
#define SWRCACHE_KEY_GOOD(fn, list, buffer, room)                                                            \
    SWRCACHE_MAP(SWRCACHE_EACH_ASSERT, fn, list)                                                             \
    static size_t swrcache_body_##fn(void *buffer, size_t room SWRCACHE_MORE(list));                         \
    static size_t swrcache_make_##fn(const struct swrcache_arg *swrcache_args, void *swrcache_buffer,        \
                                     size_t swrcache_room)                                                   \
    {                                                                                                        \
        (void)swrcache_args;                                                                                 \
        return swrcache_body_##fn(swrcache_buffer,                                                           \
                                  swrcache_room SWRCACHE_MAP(SWRCACHE_EACH_BACK_MORE, ~, list));             \
    }                                                                                                        \
    static const struct swrcache_param swrcache_params_##fn[] = {                                            \
        SWRCACHE_LIST(SWRCACHE_EACH_INFO, fn, list)};                                                        \
    static const struct swrcache_key fn[1] = {{                                                              \
        .make = swrcache_make_##fn,                                                                          \
        .params = swrcache_params_##fn,                                                                      \
        .nparams = SWRCACHE_N list,                                                                          \
    }};                                                                                                      \
    static size_t swrcache_body_##fn(void *buffer, size_t room SWRCACHE_MORE(list))

#define SWRCACHE_KEY_BAD(fn, list, buffer, room)                                                             \
    SWRCACHE_COMPLAIN_BAD(fn, list)                                                                          \
    static const struct swrcache_key fn[1];                                                                  \
    static __attribute__((unused))                                                                           \
    size_t swrcache_body_##fn(void *buffer, size_t room SWRCACHE_MAP(SWRCACHE_EACH_LAX_MORE, ~, list))
#define SWRCACHE_KEY_MANY(fn, list, buffer, room)                                                            \
    SWRCACHE_COMPLAIN_MANY(fn, list)                                                                         \
    static const struct swrcache_key fn[1];                                                                  \
    static __attribute__((unused)) size_t swrcache_body_##fn(void *buffer, size_t room)
#define SWRCACHE_KEY_LOOSE(fn, list, buffer, room)                                                           \
    SWRCACHE_COMPLAIN_LOOSE(VALUE, fn, list)                                                                 \
    static const struct swrcache_key fn[1];                                                                  \
    static __attribute__((unused)) size_t swrcache_body_##fn(void *buffer, size_t room)

#define SWRCACHE_ENCODER(fn, type, encode_)                                                                  \
    SWRCACHE_ENCODE(fn, type, encode_)                                                                       \
    static const struct swrcache_codec fn[1] = {{.encode = swrcache_encode_##fn}}

#define SWRCACHE_ENCODE(fn, type, encode_)                                                                   \
    _Static_assert(__builtin_types_compatible_p(                                                             \
                       __typeof__(encode_((const __typeof__(type) *)0, (void *)0, (size_t)0)), size_t),      \
                   "the encode function of '" #fn "' must return a size_t: the length there is");            \
    static size_t swrcache_encode_##fn(const void *swrcache_object, void *swrcache_buffer,                   \
                                       size_t swrcache_room)                                                 \
    {                                                                                                        \
        return encode_((const __typeof__(type) *)swrcache_object, swrcache_buffer, swrcache_room);           \
    }

#define SWRCACHE_CODEC(fn, type, encode_, decode_)                                                           \
    _Static_assert(__builtin_classify_type(decode_((const void *)0, (size_t)0)) == 5,                        \
                   "the decode function of '" #fn "' must return a pointer to a new object");                \
    SWRCACHE_ENCODE(fn, type, encode_)                                                                       \
    static void *swrcache_decode_##fn(const void *swrcache_bytes, size_t swrcache_len)                       \
    {                                                                                                        \
        __typeof__(type) *swrcache_object = decode_(swrcache_bytes, swrcache_len);                           \
        return swrcache_object;                                                                              \
    }                                                                                                        \
    static const struct swrcache_codec fn[1] = {{swrcache_encode_##fn, swrcache_decode_##fn}}

#endif
