#include "flight.h"
#include "runtime/cache/history.h"
#include "runtime/cache/lease.h"
#include "runtime/registry/thread.h"
#include "core/fence.h"
#include "base/clock.h"
#include "base/sync.h"

#include <string.h>

LOCK(contexts); /* everything here, and flight.context, flight.next_context */
static struct flight *contexts;
static uintptr_t numbered;

/* How many flights have names: without any, verbs look at none. */
_Atomic uint32_t flights_named;

static struct flight *lists[TABLE_SHARDS]; /* each under its shard's lock */
static _Atomic uint32_t besides;           /* in all of them; without any, verbs look for none */

struct flight *flight_find(uint64_t identity, const struct key *key)
{
    for (struct flight *fl = lists[table_shard_of(key->hash)]; fl != NULL; fl = fl->next)
        if (!fl->fenced && !fl->beside && fl->identity == identity && fl->key.hash == key->hash &&
            fl->key.len == key->len && memcmp(fl->key.bytes, key->bytes, key->len) == 0)
            return fl;
    return NULL;
}

struct flight *flight_live(uint64_t identity, const struct key *key, uint64_t now)
{
    struct flight *fl = flight_find(identity, key);
    if (fl == NULL || now <= clock_add(fl->started, LEASE_NS))
        return fl;
    flight_overtake(fl);
    return NULL;
}

/* Known to nobody yet. */
static struct flight *make(struct function *f, uint64_t identity, const struct key *key)
{
    struct flight *fl = os_alloc(sizeof *fl + key->len);
    if (fl == NULL)
        return NULL;
    *fl = (struct flight){.function = f, .identity = identity};
    if (key->len != 0)
        memcpy(fl->bytes, key->bytes, key->len);
    fl->key = (struct key){key->hash, key->len, fl->bytes};
    fl->ttl_ms = fl->stale_ms = SWRCACHE_UNSET;
    fl->began = fence_now();
    fl->fresh_cap = CLOCK_NEVER;
    fl->started = clock_now();
    atomic_store(&fl->refs, 1);
    return fl;
}

static void list(struct flight *fl)
{
    struct flight **at = &lists[table_shard_of(fl->key.hash)];
    fl->next = *at;
    fl->listed = true;
    *at = fl;
}

struct flight *flight_open(struct function *f, uint64_t identity, const struct key *key, bool refresh)
{
    struct flight *fl = make(f, identity, key);
    if (fl == NULL)
        return NULL;
    fl->refresh = refresh;
    list(fl);
    SYNC_POINT("flight.created");
    return fl;
}

struct flight *flight_beside(struct function *f, uint64_t identity, const struct key *key)
{
    struct flight *fl = make(f, identity, key);
    if (fl == NULL)
        return NULL;
    fl->beside = true;
    list(fl);
    atomic_fetch_add(&besides, 1);
    return fl;
}

struct flight *flight_apart(struct function *f, uint64_t hash)
{
    struct key key = {hash, 0, NULL};
    struct flight *fl = make(f, 0, &key);
    if (fl != NULL)
        fl->beside = fl->plain = true;
    return fl;
}

void flight_disturb(struct function *f, uint64_t hash)
{
    if (likely(atomic_load_explicit(&besides, memory_order_relaxed) == 0))
        return;
    for (struct flight *fl = lists[table_shard_of(hash)]; fl != NULL; fl = fl->next)
        fl->fenced |= fl->beside && fl->function == f && fl->key.hash == hash;
}

void flight_fence(struct flight *fl)
{
    fl->fenced = true;
    if (!fl->beside)
        history_note(fl->identity, &fl->key, HISTORY_FENCED, 0);
}

void flight_unlist(struct flight *fl)
{
    if (!fl->listed)
        return;
    fl->listed = false;
    if (fl->beside)
        atomic_fetch_sub(&besides, 1);
    for (struct flight **at = &lists[table_shard_of(fl->key.hash)]; *at != NULL; at = &(*at)->next)
        if (*at == fl) {
            *at = fl->next;
            return;
        }
}

void flight_overtake(struct flight *fl)
{
    fl->fenced = true;
    flight_unlist(fl);
}

void flight_settle(struct flight *fl, enum flight_state state, struct entry *result)
{
    flight_forget_number(fl);
    if (result != NULL) {
        cache_ref(result);
        fl->result = result;
    }
    atomic_store_explicit(&fl->state, state, memory_order_release);
    /* It is listed no more: nobody can begin to wait who does not hold a reference by now. */
    if (atomic_load(&fl->refs) > 1)
        os_futex_wake(&fl->state, INT32_MAX);
}

void flight_unref(struct flight *fl)
{
    if (atomic_fetch_sub(&fl->refs, 1) != 1)
        return;
    if (fl->result != NULL)
        cache_unref(fl->result);
    if (fl->fallback != NULL)
        cache_unref(fl->fallback);
    if (fl->before != NULL)
        cache_unref(fl->before);
    flight_free_names(fl);
    os_free(fl->room);
    os_free(fl->encoded);
#ifdef SWRCACHE_TESTING
    memset(fl, 0xde, sizeof *fl);
#endif
    os_free(fl);
}

void flight_back(void *fl)
{
    flight_unref(fl);
}

void flight_visit(uint32_t shard, void (*visit)(struct flight *fl, void *cookie), void *cookie)
{
    for (struct flight *fl = lists[shard]; fl != NULL; fl = fl->next)
        visit(fl, cookie);
}

void flight_each(void (*visit)(struct flight *fl, void *cookie), void *cookie)
{
    for (uint32_t s = 0; s < TABLE_SHARDS; s++) {
        table_lock(&cache_table, s);
        flight_visit(s, visit, cookie);
        table_unlock(&cache_table, s);
    }
}

static void wake(struct flight *fl, void *cookie)
{
    (void)cookie;
    os_futex_wake(&fl->state, INT32_MAX);
}

void flight_wake_all(void)
{
    flight_each(wake, NULL);
}

void flight_forget_others(void)
{
    struct thread *me = thread_current;
    for (uint32_t s = 0; s < TABLE_SHARDS; s++)
        for (struct flight *fl = lists[s], *next; fl != NULL; fl = next) {
            next = fl->next;
            if (fl->owner == me && me != NULL)
                continue;
            /* Not freed: a thread that is no more held a reference. */
            flight_unlist(fl);
            atomic_store(&fl->state, FLIGHT_ABANDONED);
        }
}

void flight_forget_number(struct flight *fl)
{
    lock_take(&contexts_lock);
    for (struct flight **at = &contexts; fl->context != 0 && *at != NULL; at = &(*at)->next_context)
        if (*at == fl) {
            *at = fl->next_context;
            break;
        }
    fl->context = 0;
    lock_give(&contexts_lock);
}

void flight_free_names(struct flight *fl)
{
    if (fl->names == NULL)
        return;
    for (uint32_t i = 0; i < fl->nnames; i++) {
        function_release_named(&fl->names[i]);
        os_free((void *)(uintptr_t)fl->names[i].text);
    }
    os_free(fl->names);
    os_free(fl->names_found);
    fl->names = NULL;
    fl->names_found = NULL;
    atomic_fetch_sub(&flights_named, 1);
}

uintptr_t flight_number(struct flight *fl)
{
    lock_take(&contexts_lock);
    if (fl->context == 0 && atomic_load(&fl->state) == FLIGHT_RUNNING) {
        fl->context = ++numbered;
        fl->next_context = contexts;
        contexts = fl;
    }
    uintptr_t number = fl->context;
    lock_give(&contexts_lock);
    return number;
}

struct flight *flight_numbered(uintptr_t number)
{
    struct flight *fl = NULL;
    lock_take(&contexts_lock);
    for (fl = number != 0 ? contexts : NULL; fl != NULL && fl->context != number;)
        fl = fl->next_context;
    if (fl != NULL)
        atomic_fetch_add(&fl->refs, 1);
    lock_give(&contexts_lock);
    return fl;
}
