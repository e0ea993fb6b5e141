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
#include <errno.h>

/* The runtime's table, NULL without one: one variable for each linked object, never seen outside it. */
extern const struct swrcache_api *swrcache_api __attribute__((visibility("hidden")));
__attribute__((weak, visibility("hidden"))) const struct swrcache_api *swrcache_api = NULL;
extern char swrcache_looked __attribute__((visibility("hidden")));
__attribute__((weak, visibility("hidden"))) char swrcache_looked = 0;

/* A pointer among others in a section of its own, whose ends the linker names. */
#if defined(__has_attribute)
#if __has_attribute(retain)
#define SWRCACHE_LISTED(in) __attribute__((section(in), used, retain))
#endif
#endif
#ifndef SWRCACHE_LISTED
#define SWRCACHE_LISTED(in) __attribute__((section(in), used))
#endif

extern struct swrcache_site *__start_swrcache_sites[] __attribute__((visibility("hidden")));
extern struct swrcache_site *__stop_swrcache_sites[] __attribute__((visibility("hidden")));
extern const struct swrcache_writer *__start_swrcache_writers[] __attribute__((visibility("hidden")));
extern const struct swrcache_writer *__stop_swrcache_writers[] __attribute__((visibility("hidden")));
extern const struct swrcache_region *__start_swrcache_regions[] __attribute__((visibility("hidden")));
extern const struct swrcache_region *__stop_swrcache_regions[] __attribute__((visibility("hidden")));

/* They make the sections exist in files that annotate nothing, else the ends would be undefined. */
static struct swrcache_site *swrcache_no_site_ SWRCACHE_LISTED("swrcache_sites") = NULL;
static const struct swrcache_writer *swrcache_no_writer_ SWRCACHE_LISTED("swrcache_writers") = NULL;
static const struct swrcache_region *swrcache_no_region_ SWRCACHE_LISTED("swrcache_regions") = NULL;

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
    const struct swrcache_region *const *swrcache_r;
    const struct swrcache_writer *const *swrcache_w;

    if (swrcache_looked)
        return;
    swrcache_looked = 1;
    swrcache_door.found = dlsym((void *)0 /* RTLD_DEFAULT */, "swrcache_attach");
    if (!swrcache_door.found)
        return;
    swrcache_table = swrcache_door.attach(SWRCACHE_ABI);
    if (!swrcache_table || swrcache_table->abi != SWRCACHE_ABI || !SWRCACHE_WITHIN(swrcache_table, call))
        return;
    /* Regions first: functions inherit from them. */
    if (SWRCACHE_WITHIN(swrcache_table, region_policy))
        for (swrcache_r = __start_swrcache_regions; swrcache_r < __stop_swrcache_regions; swrcache_r++)
            if (*swrcache_r)
                swrcache_table->region_policy((*swrcache_r)->name, (*swrcache_r)->policy,
                                              (*swrcache_r)->policy_size);
    if (SWRCACHE_WITHIN(swrcache_table, leave))
        swrcache_table->enter(__start_swrcache_sites, __stop_swrcache_sites);
    else
        swrcache_table->enroll(__start_swrcache_sites, __stop_swrcache_sites);
    if (SWRCACHE_WITHIN(swrcache_table, expect))
        for (swrcache_w = __start_swrcache_writers; swrcache_w < __stop_swrcache_writers; swrcache_w++)
            for (uint32_t i = 0; *swrcache_w && i < (*swrcache_w)->ntargets; i++)
                swrcache_table->expect((*swrcache_w)->name, (*swrcache_w)->targets[i]);
    swrcache_api = swrcache_table;
}

/* Before the object goes. What calls its functions from here on, as a later destructor, calls their bodies.
 */
static __attribute__((destructor, used)) void swrcache_leave_runtime(void)
{
    if (swrcache_looked != 1 || !SWRCACHE_HAS(leave))
        return;
    swrcache_looked = 2;
    swrcache_api->leave(__start_swrcache_sites, __stop_swrcache_sites);
}

/* In a body: hand this result to the caller, but do not store it. */
static inline void swrcache_skip(void)
{
    if (SWRCACHE_HAS(skip))
        swrcache_api->skip();
}

/*
 * In a body: this computation failed. An old value stays; see .negative_ms and .stale_if_error_ms. In a
 * writer's body: nothing was written, so its targets are left alone.
 */
static inline void swrcache_fail(void)
{
    if (SWRCACHE_HAS(fail))
        swrcache_api->fail();
}

/*
 * In a body: this result's own lifetime, such as a DNS TTL. SWRCACHE_UNSET: the policy's. A time below zero
 * is ignored, and the other with it.
 */
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

/* In tests, and before an object is closed: waits until no refresh is queued or running; false after
 * timeout_ms. */
static inline bool swrcache_drain(uint64_t timeout_ms)
{
    return SWRCACHE_HAS(drain) ? swrcache_api->drain(timeout_ms) : true;
}

#define SWRCACHE_PRINTF __attribute__((format(printf, 1, 2)))

/*
 * Targets: "all", "quote", "quote(\"%s\", %d)", "region:shop", "tag:user:%d", "event:user.saved". What comes
 * in through the format is data, never syntax. Each gives the entries matched; 0 without a runtime.
 */
static inline SWRCACHE_PRINTF size_t swrcache_invalidate(const char *format, ...)
{
    size_t matched;
    va_list args;
    va_start(args, format);
    matched = SWRCACHE_HAS(verb) ? swrcache_api->verb(SWRCACHE_OP_INVALIDATE, format, args) : 0;
    va_end(args);
    return matched;
}

static inline SWRCACHE_PRINTF size_t swrcache_expire(const char *format, ...)
{
    size_t matched;
    va_list args;
    va_start(args, format);
    matched = SWRCACHE_HAS(verb) ? swrcache_api->verb(SWRCACHE_OP_EXPIRE, format, args) : 0;
    va_end(args);
    return matched;
}

/* Tells those that listen (.invalidate_on, .expire_on, regions) that it happened: "user.saved". */
static inline SWRCACHE_PRINTF size_t swrcache_emit(const char *format, ...)
{
    size_t matched;
    va_list args;
    va_start(args, format);
    matched = SWRCACHE_HAS(emit) ? swrcache_api->emit(format, args) : 0;
    va_end(args);
    return matched;
}

/* In a body: this result goes by that name too, for "tag:...". */
static inline SWRCACHE_PRINTF void swrcache_tag(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (SWRCACHE_HAS(tag))
        swrcache_api->tag(format, args);
    va_end(args);
}

/*
 * A batch: what this thread invalidates, expires, puts and deletes until commit takes effect together, or,
 * after rollback, not at all. Nested ones join. False: there was no begin, or no runtime. Until then this
 * thread alone sees it: what it has put is there for it, what it has taken back is computed anew. From the
 * first of these on, what it computes is not kept and nobody else gets it.
 */
static inline void swrcache_begin(void)
{
    if (SWRCACHE_HAS(begin))
        swrcache_api->begin();
}

static inline bool swrcache_commit(void)
{
    return SWRCACHE_HAS(commit) ? swrcache_api->commit() : false;
}

static inline bool swrcache_rollback(void)
{
    return SWRCACHE_HAS(rollback) ? swrcache_api->rollback() : false;
}

/*
 * A region as a dictionary: values are copied in and out. `ttl_ms` 0: the region's; a put renews it. What is
 * older, or was expired, is absent. Regions that nobody uses any more are given back.
 */
static inline bool swrcache_put(const char *region, const void *key, size_t key_len, const void *value,
                                size_t value_len, uint64_t ttl_ms)
{
    return SWRCACHE_HAS(put) ? swrcache_api->put(region, key, key_len, value, value_len, ttl_ms) : false;
}

/* The value's length, of which at most `cap` bytes are written to `buf`; -1: absent. */
static inline ssize_t swrcache_get(const char *region, const void *key, size_t key_len, void *buf, size_t cap)
{
    return SWRCACHE_HAS(get) ? swrcache_api->get(region, key, key_len, buf, cap) : -1;
}

static inline bool swrcache_has(const char *region, const void *key, size_t key_len)
{
    return SWRCACHE_HAS(has) ? swrcache_api->has(region, key, key_len) : false;
}

/* False: it was not there. */
static inline bool swrcache_delete(const char *region, const void *key, size_t key_len)
{
    return SWRCACHE_HAS(remove) ? swrcache_api->remove(region, key, key_len) : false;
}

/* From now on the event, or each of several separated by blanks, invalidates all of the region. */
static inline bool swrcache_region_invalidate_on(const char *region, const char *event)
{
    return SWRCACHE_HAS(region_on) ? swrcache_api->region_on(region, event, SWRCACHE_OP_INVALIDATE) : false;
}

static inline bool swrcache_region_expire_on(const char *region, const char *event)
{
    return SWRCACHE_HAS(region_on) ? swrcache_api->region_on(region, event, SWRCACHE_OP_EXPIRE) : false;
}

/*
 * A body that hands work to another thread: context() here, with(context) there, with(NULL) when done. What
 * that thread calls then counts as called by the body. A context outlives its body harmlessly.
 */
static inline void *swrcache_context(void)
{
    return SWRCACHE_HAS(context) ? swrcache_api->context() : (void *)0;
}

static inline void swrcache_with(void *context)
{
    if (SWRCACHE_HAS(with))
        swrcache_api->with(context);
}

/* What the generated functions of an annotation call. */
static inline size_t swrcache_operate_(struct swrcache_site *site, enum swrcache_operation operation,
                                       const struct swrcache_arg *args)
{
    return SWRCACHE_HAS(operate) ? swrcache_api->operate(site, operation, args) : 0;
}

static inline bool swrcache_read_(struct swrcache_site *site, bool forced, const struct swrcache_arg *args,
                                  void *result)
{
    if (!forced)
        return SWRCACHE_HAS(peek) ? swrcache_api->peek(site, args, result) : false;
    if (SWRCACHE_HAS(forced))
        return swrcache_api->forced(site, args, result);
    site->run(args, result);
    return true;
}

static inline void swrcache_write_(const struct swrcache_writer *writer, const struct swrcache_arg *args,
                                   void *result)
{
    int swrcache_error;

    if (SWRCACHE_HAS(write)) {
        swrcache_api->write(writer, args, result);
        return;
    }
    writer->run(args, result);
    swrcache_error = errno;
    writer->tell(args);
    errno = swrcache_error;
}

#endif
