#include "put.h"
#include "runtime/compute/dependencies.h"
#include "runtime/compute/dependents.h"
#include "runtime/cache/audit.h"
#include "runtime/cache/cache.h"
#include "runtime/cache/history.h"
#include "runtime/cache/retired.h"
#include "runtime/registry/thread.h"
#include "runtime/setting/option.h"
#include "base/alive.h"
#include "base/clock.h"
#include "swrcache/policy.h"

#include <errno.h>
#include <string.h>

bool put_entry(struct function *f, const struct key *key, const void *value, size_t value_len,
               uint64_t ttl_ms)
{
    uint64_t identity = atomic_load(&f->identity);
    struct entry_extra extra = {0, mark_room(f->tags, f->ntags), ttl_ms != 0};
    struct entry *e = entry_new(key, identity, value_len, extra);
    if (e == NULL)
        return false;
    function_hold(f);
    uint64_t ttl = atomic_load(&f->settings.ttl), now = clock_now();
    if (ttl_ms != 0) {
        if (__builtin_mul_overflow(ttl_ms, NS_PER_MS, &ttl))
            ttl = CLOCK_NEVER;
        entry_more(e)->own_ttl_ms = ttl_ms < UINT32_MAX ? (uint32_t)ttl_ms : UINT32_MAX;
        entry_more(e)->stale_until = entry_more(e)->dead_until = clock_add(now, ttl);
    }
    mark_fill(e, f->tags, f->ntags);
    if (value_len != 0)
        memcpy(entry_value(e), value, value_len);
    entry_set_born(e, now);
    entry_set_fresh_until(e, clock_add(now, ttl));
    bool clogged = retired_clogs();
    uint32_t shard = table_shard_of(key->hash);
    table_lock(&cache_table, shard);
    struct entry *old = table_find(&cache_table, identity, key);
    bool replaces = old != NULL, linked = mark_link(e);
    bool stored = linked && !clogged && cache_fits(f, e) && cache_store(f, old, e);
    if (linked && !stored)
        mark_unlink(e);
    if (!stored && old != NULL)
        cache_drop(f, old); /* not what was put last: rather nothing */
    table_unlock(&cache_table, shard);
    if (!stored)
        history_note(identity, key,
                     clogged             ? HISTORY_RETIRED
                     : !cache_fits(f, e) ? HISTORY_TOO_LARGE
                                         : HISTORY_NO_ROOM,
                     0);
    if (atomic_load(&f->inner)) {
        /* Results stand on what was put here: to put again is to invalidate them. */
        struct ripple ripple = {.operation = SWRCACHE_OP_INVALIDATE};
        uint64_t act = audit_begin_call(SWRCACHE_OP_INVALIDATE, f, key);
        ripple_key(&ripple, f, key->hash);
        ripple_run(&ripple);
        audit_end(act, replaces);
    }
    cache_unref(e);
    cache_trim(f);
    return stored;
}
