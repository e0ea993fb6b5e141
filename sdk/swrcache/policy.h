/*
 * policy.h - how long a function's results live, and what else may be said of them.
 *
 * After the parameters of an annotation come designators of struct swrcache_policy, in any order:
 *
 *   SWR_CACHED(double, quote, (SWR_STR(symbol)), .ttl_ms = SWR_SECONDS(20), .region = "quotes.live")
 *
 * What is left out is inherited or has its default; zero is a value of its own. Values are constants and
 * whole numbers. What is out of range is told in SWR_LOG, and as if it were left out.
 *
 *   ttl_ms             30 s    fresh for so long; 0: stale at once
 *   stale_ms           5 min   then served at once while one refresh runs; 0: callers wait instead
 *   stale_if_error_ms  1 h     counted like stale_ms from the end of ttl_ms: the old value if a recompute
 *                              fails or takes longer than wait_ms; 0: none that is older than stale_ms
 *   negative_ms        0       a failed result is remembered so long, errno with it; 0: not at all
 *   fails              never   what is a failure: SWR_FAILS_NULL, SWR_FAILS_NEGATIVE, SWR_FAILS_NONZERO;
 *                              SWR_FAILS_NEVER
 *   failed             none    bool (*)(const void *result): true is a failure
 *   unless             none    bool (*)(void): true bypasses the cache for this call
 *   wait_ms            5 s     longest a caller waits for another's computation; 0: it computes too
 *   keep_warm_ms       0       refreshed on a timer without traffic ...; 0: not
 *   keep_warm_idle     10      ... until so many refreshes, failed ones too, went by without a call; after
 *                              one that failed the next comes by the back-off of retry_ms; 0: each needs a
 *                              call
 *   jitter_pct         10      spread of expiry, and of back-off; 0: none
 *   retry_ms           1 s     back-off after a failed refresh, doubling ...; 0: none
 *   retry_max_ms       60 s    ... up to this; 0: none
 *   refresh            POOL    SWR_REFRESH_POOL, or SWR_REFRESH_CALLER for thread-bound functions
 *   region             none    a dot-separated name
 *   tags               none    names separated by blanks
 *   version            none    part of the key, 0 a version as any; version_of = fn: int64_t (*)(void), asked
 *                              at every call
 *   invalidate_on      none    events, separated by blanks, that invalidate all of it
 *   expire_on          none    events that expire all of it
 *   dependencies       ON      SWR_DEPENDENCIES_ON, SWR_DEPENDENCIES_OFF: what the body calls does not bind
 *                              this result
 *   key                none    a key of your own, from SWR_KEY, in place of the arguments
 *   codec              none    for objects, from SWR_CODEC: kept as bytes, and decoded for each caller
 *   mode               ON      how it begins: SWR_MODE_ON, SWR_MODE_OFF, SWR_MODE_SHADOW, SWR_MODE_OBSERVE
 *   percent            100     so many of the keys are cached, from 1 on, chosen by their content, the others
 *                              never
 *   shadow_pct         50      mode shadow ends, and the function is not cached any more, when more than so
 *                              many per cent of its answers are wrong, from 1 on; 100: never
 *   max_entries        none    bounds of this function; 0: nothing is stored
 *   max_bytes          none
 *   secret             false   tools show neither arguments nor values
 *
 * SWR_SECONDS(n), SWR_MINUTES(n), SWR_HOURS(n) and SWR_FOREVER are times.
 */
#ifndef SWRCACHE_POLICY_H
#define SWRCACHE_POLICY_H

#pragma GCC system_header

#include "abi.h"

/*
 * The user's designators override the sentinels: that is meant, so the warning is quietened here only. A text
 * for a time, or a function of another type, is a mistake that compilers would let pass with a warning, and
 * a fraction that gcc has computed one that it would cut off in silence.
 */
#define SWRCACHE_STRICT                                                                                      \
    _Pragma("GCC diagnostic error \"-Wint-conversion\"")                                                     \
        _Pragma("GCC diagnostic error \"-Wincompatible-pointer-types\"")
#if defined(__clang__)
#define SWRCACHE_QUIET                                                                                       \
    _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Winitializer-overrides\"")         \
        SWRCACHE_STRICT
#define SWRCACHE_LOUD _Pragma("clang diagnostic pop")
#else
#define SWRCACHE_QUIET                                                                                       \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Woverride-init\"")                     \
        SWRCACHE_STRICT _Pragma("GCC diagnostic error \"-Wfloat-conversion\"")
#define SWRCACHE_LOUD _Pragma("GCC diagnostic pop")
#endif

#define SWRCACHE_POLICY_UNSET                                                                                \
    .ttl_ms = SWRCACHE_UNSET, .stale_ms = SWRCACHE_UNSET, .stale_if_error_ms = SWRCACHE_UNSET,               \
    .negative_ms = SWRCACHE_UNSET, .wait_ms = SWRCACHE_UNSET, .keep_warm_ms = SWRCACHE_UNSET,                \
    .keep_warm_idle = SWRCACHE_UNSET, .jitter_pct = SWRCACHE_UNSET, .retry_ms = SWRCACHE_UNSET,              \
    .retry_max_ms = SWRCACHE_UNSET, .max_entries = SWRCACHE_UNSET, .max_bytes = SWRCACHE_UNSET,              \
    .version = SWRCACHE_UNSET, .fails = SWRCACHE_FAILS_UNSET, .refresh = SWRCACHE_REFRESH_UNSET,             \
    .secret = -1
#define SWRCACHE_POLICY(fn, ...)                                                                             \
    SWRCACHE_QUIET                                                                                           \
    static const struct swrcache_policy swrcache_policy_##fn = {SWRCACHE_POLICY_UNSET, __VA_ARGS__};         \
    SWRCACHE_LOUD

#endif
