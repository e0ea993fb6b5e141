/*
 * swrcache.h - stale-while-revalidate caching for C functions.
 *
 *   SWR_CACHED(double, quote, (SWR_STR(symbol), SWR_VAL(int, days)), .ttl_ms = SWR_SECONDS(20))
 *   {
 *       ...                                   the body, in your own braces
 *   }
 *
 * `double quote(const char *symbol, int days)` is now a cached function; its callers do not change. It is
 * cached when the runtime, libswrcache.so, is linked or preloaded, and a plain call otherwise.
 *
 * Kinds of parameter: swrcache/kind.h. Policy: swrcache/policy.h. Writers: swrcache/writer.h.
 * swrcache_skip(), swrcache_fail(), swrcache_set_ttl(), swrcache_last(): swrcache/api.h. Functions of others,
 * SWR_INTERPOSE: swrcache/interpose.h. Manual pages: swrcache(3), swrcache-targets(3).
 */
#ifndef SWRCACHE_H
#define SWRCACHE_H

/* Mistakes are shown at the annotation, not at the depths of an expansion. */
#pragma GCC system_header

#include "swrcache/abi.h"
#include "swrcache/api.h"
#include "swrcache/define.h"
#include "swrcache/interpose.h"
#include "swrcache/maker.h"
#include "swrcache/region.h"
#include "swrcache/writer.h"

/*
 * Definitions. A `()` or `(void)` list means no parameters.
 *
 *   SWR_CACHED         a result by value: any type but a pointer, and without pointers in it
 *   SWR_CACHED_STRING  a char * that the caller frees, or NULL; every caller gets its own copy
 *   SWR_CACHED_OBJECT  a type *; callers get copy(master), the cache calls free(master)
 *   SWR_CACHED_VOID    nothing but out-parameters
 *   SWR_STATIC_...     the same with internal linkage
 */
#define SWR_CACHED(ret, name, ...)        SWRCACHE_VALUE(EXTERN, ret, #ret, name, __VA_ARGS__, )
#define SWR_STATIC_CACHED(ret, name, ...) SWRCACHE_VALUE(STATIC, ret, #ret, name, __VA_ARGS__, )

#define SWR_CACHED_STRING(name, ...)        SWRCACHE_STRING(EXTERN, name, __VA_ARGS__, )
#define SWR_STATIC_CACHED_STRING(name, ...) SWRCACHE_STRING(STATIC, name, __VA_ARGS__, )

/* (type, name, (kinds...), copy, free, policy...) */
#define SWR_CACHED_OBJECT(type, name, params, copy, ...)                                                     \
    SWRCACHE_OBJECT(EXTERN, __typeof__(type) *, #type " *", name, params, copy, __VA_ARGS__, )
#define SWR_STATIC_CACHED_OBJECT(type, name, params, copy, ...)                                              \
    SWRCACHE_OBJECT(STATIC, __typeof__(type) *, #type " *", name, params, copy, __VA_ARGS__, )

#define SWR_CACHED_VOID(name, ...)        SWRCACHE_VOID(EXTERN, name, __VA_ARGS__, )
#define SWR_STATIC_CACHED_VOID(name, ...) SWRCACHE_VOID(STATIC, name, __VA_ARGS__, )

/* Declarations, for a header: other files may call, invalidate, refresh and peek. End with a semicolon. */
#define SWR_DECLARE(ret, name, params)                                                                       \
    SWRCACHE_DECLARE(SWRCACHE_STATUS(ret, params), VALUE, ret, name, params)
#define SWR_DECLARE_STRING(name, params)                                                                     \
    SWRCACHE_DECLARE(SWRCACHE_STATUS_OF_PARAMS(params), STRING, char *, name, params)
#define SWR_DECLARE_OBJECT(type, name, params)                                                               \
    SWRCACHE_DECLARE(SWRCACHE_STATUS_OF_PARAMS(params), OBJECT, __typeof__(type) *, name, params)
#define SWR_DECLARE_VOID(name, params)                                                                       \
    SWRCACHE_DECLARE(SWRCACHE_STATUS_OF_PARAMS(params), VOID, void, name, params)

/*
 * Writers: after the body the targets are invalidated or expired, unless it called swrcache_fail(). `ret` may
 * be void; each target is a printf list over the parameters. Declared in a header as any function is.
 *
 *   SWR_INVALIDATES(int, rename_user, (SWR_VAL(int, id), SWR_STR(name)), ("tag:user:%d", id)) { body }
 */
#define SWR_INVALIDATES(ret, name, ...)        SWRCACHE_WRITER(EXTERN, invalidate, ret, name, __VA_ARGS__, )
#define SWR_STATIC_INVALIDATES(ret, name, ...) SWRCACHE_WRITER(STATIC, invalidate, ret, name, __VA_ARGS__, )
#define SWR_EXPIRES(ret, name, ...)            SWRCACHE_WRITER(EXTERN, expire, ret, name, __VA_ARGS__, )
#define SWR_STATIC_EXPIRES(ret, name, ...)     SWRCACHE_WRITER(STATIC, expire, ret, name, __VA_ARGS__, )

/* ("shop", policy...): what the functions of a region inherit. At file scope or in a block. */
#define SWR_REGION_POLICY(region, ...) SWRCACHE_REGION(__COUNTER__, region, __VA_ARGS__, )

/*
 * What policies may name. Both before the annotation that uses them.
 *
 *   SWR_KEY(name, (kinds...), buffer, room) { return snprintf(buffer, room, ...); }        .key = name
 *   SWR_CODEC(name, type, encode, decode);                                                 .codec = name
 *   SWR_ENCODER(name, type, encode);                                                       .codec = name
 */
#define SWR_KEY(name, params, buffer, room)                                                                  \
    SWRCACHE_KEY(SWRCACHE_STATUS_OF_PARAMS(params), name, params, buffer, room)
#define SWR_CODEC(name, type, encode, decode) SWRCACHE_CODEC(name, type, encode, decode)
#define SWR_ENCODER(name, type, encode)       SWRCACHE_ENCODER(name, type, encode)

/*
 * Operations. All arguments are given as in a call, out-parameters too (they are ignored: NULL will do);
 * they are checked against the prototype. The number of entries matched is returned.
 *
 *   invalidate   nobody who calls later sees the old value
 *   expire       stale from now on: the old value is served while one refresh runs
 *   refresh      compute again in the background, now
 *
 * (The stars make a function that is not annotated an error rather than an implicit declaration.)
 *
 * Where `name` is a macro, as `#define quote lib_quote`, what it stands for is meant, as in an annotation.
 */
#define SWR_INVALIDATE(name, ...) (*SWRCACHE_CAT(swrcache_op_, name))(SWRCACHE_OP_INVALIDATE, ##__VA_ARGS__)
#define SWR_EXPIRE(name, ...)     (*SWRCACHE_CAT(swrcache_op_, name))(SWRCACHE_OP_EXPIRE, ##__VA_ARGS__)
#define SWR_REFRESH(name, ...)    (*SWRCACHE_CAT(swrcache_op_, name))(SWRCACHE_OP_REFRESH, ##__VA_ARGS__)
#define SWR_INVALIDATE_ALL(name)  (*SWRCACHE_CAT(swrcache_all_, name))(SWRCACHE_OP_INVALIDATE)
#define SWR_EXPIRE_ALL(name)      (*SWRCACHE_CAT(swrcache_all_, name))(SWRCACHE_OP_EXPIRE)

/*
 * bool SWR_PEEK(name, &result, args...): a fresh or stale result without computing. VOID: &result is NULL.
 * True for a remembered failure (negative_ms) too: the result is what the function returned, errno with it.
 * errno is left alone otherwise. False: none, or one past its stale time, whatever stale_if_error_ms says.
 */
#define SWR_PEEK(name, ...) (*SWRCACHE_CAT(swrcache_read_, name))(false, __VA_ARGS__)

/* bool SWR_FORCED(name, &result, args...): computes here and now, and remembers it. False: it failed. */
#define SWR_FORCED(name, ...) (*SWRCACHE_CAT(swrcache_read_, name))(true, __VA_ARGS__)

/* The body itself: SWR_UNCACHED(quote)("ACME", 3). */
#define SWR_UNCACHED(name) SWRCACHE_CAT(swrcache_body_, name)

#endif
