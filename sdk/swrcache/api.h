/*
 * api.h - finding the runtime, and the calls that a body or its caller may make.
 *
 * The runtime is found once for each linked object (program or shared object), by a constructor,
 * through the dynamic linker: no library need be linked. Without a runtime every call here does nothing.
 */
#ifndef SWRCACHE_API_H
#define SWRCACHE_API_H

#include "abi.h"

#include <dlfcn.h>

/* The runtime's table, NULL without one: one variable for each linked object, never seen outside it. */
extern const struct swrcache_api *swrcache_api __attribute__((visibility("hidden")));
__attribute__((weak, visibility("hidden"))) const struct swrcache_api *swrcache_api = NULL;
extern char swrcache_looked __attribute__((visibility("hidden")));
__attribute__((weak, visibility("hidden"))) char swrcache_looked = 0;

/* Sites put a pointer to themselves here; the linker names both ends. */
extern struct swrcache_site *__start_swrcache_sites[] __attribute__((visibility("hidden")));
extern struct swrcache_site *__stop_swrcache_sites[] __attribute__((visibility("hidden")));

#if defined(__has_attribute)
#if __has_attribute(retain)
#define SWRCACHE_ENROLLED __attribute__((section("swrcache_sites"), used, retain))
#endif
#endif
#ifndef SWRCACHE_ENROLLED
#define SWRCACHE_ENROLLED __attribute__((section("swrcache_sites"), used))
#endif

/* Makes the section exist in files that annotate nothing, else its ends would be undefined. */
static struct swrcache_site *swrcache_enrolled_ SWRCACHE_ENROLLED = NULL;

/* Does a table of this size hold the member? A runtime may be older than this header. */
#define SWRCACHE_WITHIN(api, member)                                                                         \
    ((api)->size >= offsetof(struct swrcache_api, member) + sizeof((api)->member))
#define SWRCACHE_HAS(member) (swrcache_api && SWRCACHE_WITHIN(swrcache_api, member))

static __attribute__((constructor, used)) void swrcache_find_runtime(void)
{
    union {
        void *found;
        swrcache_attach_fn *attach;
    } swrcache_door;
    const struct swrcache_api *swrcache_table;

    if (swrcache_looked)
        return;
    swrcache_looked = 1;
    swrcache_door.found = dlsym((void *)0 /* RTLD_DEFAULT */, "swrcache_attach");
    if (!swrcache_door.found)
        return;
    swrcache_table = swrcache_door.attach(SWRCACHE_ABI);
    if (!swrcache_table || swrcache_table->abi != SWRCACHE_ABI || !SWRCACHE_WITHIN(swrcache_table, call))
        return;
    swrcache_table->enroll(__start_swrcache_sites, __stop_swrcache_sites);
    swrcache_api = swrcache_table;
}

/* In a body: hand this result to the caller, but do not store it. */
static inline void swrcache_skip(void)
{
    if (SWRCACHE_HAS(skip))
        swrcache_api->skip();
}

/* In a body: this computation failed. An old value stays; see .negative_ms and .stale_if_error_ms. */
static inline void swrcache_fail(void)
{
    if (SWRCACHE_HAS(fail))
        swrcache_api->fail();
}

/* In a body: this result's own lifetime, such as a DNS TTL. Either may be SWRCACHE_UNSET. */
static inline void swrcache_set_ttl(int64_t ttl_ms, int64_t stale_ms)
{
    if (SWRCACHE_HAS(set_ttl))
        swrcache_api->set_ttl(ttl_ms, stale_ms);
}

/* After a call: how the last cached call of this thread was answered. SWR_BYPASS without a runtime. */
static inline void swrcache_last(struct swrcache_info *info)
{
    info->outcome = SWR_BYPASS;
    info->age_ms = 0;
    info->refresh_errno = 0;
    if (SWRCACHE_HAS(last))
        swrcache_api->last(info);
}

/* In tests, with SWR_CLOCK=manual: moves time. */
static inline void swrcache_advance(uint64_t ms)
{
    if (SWRCACHE_HAS(advance))
        swrcache_api->advance(ms);
}

/* In tests: waits until no refresh is queued or running; false after timeout_ms. */
static inline bool swrcache_drain(uint64_t timeout_ms)
{
    return SWRCACHE_HAS(drain) ? swrcache_api->drain(timeout_ms) : true;
}

/* What the generated functions of an annotation call. */
static inline size_t swrcache_operate_(struct swrcache_site *site, enum swrcache_operation operation,
                                       const struct swrcache_arg *args)
{
    return SWRCACHE_HAS(operate) ? swrcache_api->operate(site, operation, args) : 0;
}

static inline bool swrcache_peek_(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    return SWRCACHE_HAS(peek) ? swrcache_api->peek(site, args, result) : false;
}

#endif
