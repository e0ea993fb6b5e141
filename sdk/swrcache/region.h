/*
 * region.h - what the functions of a region inherit.
 *
 *   SWR_REGION_POLICY("shop", .ttl_ms = SWR_MINUTES(2), .stale_ms = 0);
 *
 * at file scope, or in a block; either way it holds from start-up on. Functions with .region = "shop" or
 * "shop.stock" take from it what their own annotations leave unset; the longer name goes before the shorter.
 * Times, bounds, mode, percent and events reach them at any time; fails, refresh, secret and dependencies
 * those functions that come after it, such as all of the same object. Names, functions and versions are not
 * handed down.
 */
#ifndef SWRCACHE_REGION_H
#define SWRCACHE_REGION_H

#pragma GCC system_header

#include "abi.h"
#include "api.h"
#include "check.h"
#include "policy.h"

#define SWRCACHE_REGION(id, region, ...) SWRCACHE_REGION_(id, region, __VA_ARGS__)
#define SWRCACHE_REGION_(id, region, ...)                                                                    \
    _Static_assert(sizeof(#region) > 3 && __builtin_strncmp(#region, "\"", 1) == 0,                          \
                   "region " #region " must be a string: SWR_REGION_POLICY(\"shop\", .ttl_ms = 5)");         \
    _Static_assert(__builtin_strncmp(#region, "\"region:", 8) != 0,                                          \
                   "region " #region ": the name alone, without region:");                                   \
    SWRCACHE_CHECK_POLICY(region_##id, __VA_ARGS__)                                                          \
    SWRCACHE_POLICY(region_##id, __VA_ARGS__)                                                                \
    static const struct swrcache_region swrcache_region_##id = {                                             \
        .abi = SWRCACHE_ABI,                                                                                 \
        .size = sizeof(struct swrcache_region),                                                              \
        .name = region,                                                                                      \
        .policy = &swrcache_policy_region_##id,                                                              \
        .policy_size = sizeof(struct swrcache_policy),                                                       \
    };                                                                                                       \
    static const struct swrcache_region *swrcache_listed_region_##id SWRCACHE_LISTED("swrcache_regions") =   \
        &swrcache_region_##id

#endif
