#include "call.h"
#include "lease.h"
#include "miss.h"
#include "outcome.h"
#include "pool.h"
#include "refresh.h"
#include "result.h"
#include "base/clock.h"
#include "base/sync.h"

#include <errno.h>
#include <string.h>

_Atomic uint32_t *call_alive;

static uint64_t now_of(struct function *f)
{
    return atomic_load_explicit(&f->precise, memory_order_relaxed) ? clock_now() : clock_coarse();
}

/* The key of a call, on the caller's stack or in the thread's scratch. False: hand the call on. */
static bool make_key(struct thread *t, struct function *f, const struct swrcache_arg *args,
                     unsigned char *stack, struct key *key)
{
    if (f->shape.plain == KEY_OF_WORD) {
        memcpy(stack, args[0].data, 8);
        key->bytes = stack;
        key->len = 8;
    } else {
        ptrdiff_t size = key_size(&f->shape, args);
        if (size < 0)
            return false;
        if (size > KEY_ON_STACK) {
            if ((size_t)size > t->scratch_size) {
                os_free(t->scratch);
                t->scratch = os_alloc((size_t)size * 2);
                t->scratch_size = t->scratch ? (size_t)size * 2 : 0;
            }
            stack = t->scratch;
        }
        if (stack == NULL || (size = key_encode(&f->shape, args, stack, (size_t)size)) < 0)
            return false;
        key->bytes = stack;
        key->len = (size_t)size;
    }
    key->hash = key_hash(&f->shape, key->bytes, key->len);
    return true;
}

void call_run(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    struct function *f = __atomic_load_n((struct function **)&site->function, __ATOMIC_ACQUIRE);
    struct thread *t = thread_current;
    if (unlikely(f == NULL))
        f = function_of(site);
    if (unlikely(f == NULL || atomic_load_explicit(call_alive, memory_order_relaxed) == 0 ||
                 (t != NULL && t->busy) ||
                 atomic_load_explicit(&f->mode, memory_order_relaxed) != FUNCTION_ON)) {
        outcome_bypass(t, f, site, args, result);
        return;
    }
    if (unlikely(t == NULL) && (t = thread_join()) == NULL) {
        outcome_bypass(NULL, f, site, args, result);
        return;
    }
    if (unlikely(f->annotated.unless != NULL) && f->annotated.unless()) {
        outcome_bypass(t, f, site, args, result);
        return;
    }
    unsigned char stack[KEY_ON_STACK];
    struct key key;
    t->busy = true;
    if (unlikely(!make_key(t, f, args, stack, &key))) {
        t->busy = false;
        outcome_bypass(t, f, site, args, result);
        return;
    }
    epoch_enter(&t->epoch);
    struct entry *e =
        table_find(&cache_table, atomic_load_explicit(&f->identity, memory_order_acquire), &key);
    SYNC_POINT("reader.after_lookup");
    if (unlikely(e == NULL))
        goto slow;
    uint64_t now = now_of(f);
    bool fresh = likely(now < atomic_load_explicit(&e->fresh_until, memory_order_relaxed));
    if (!fresh && entry_state(e, now) != ENTRY_STALE)
        goto slow;
    uint64_t lease = 0;
    bool mine = !fresh && lease_due(atomic_load_explicit(&e->next_refresh, memory_order_relaxed), now) &&
                lease_claim(e, now, clock_add(now, LEASE_NS), &lease);
    if (unlikely(mine || site->form == SWRCACHE_FORM_OBJECT)) {
        int saved = errno;
        cache_ref(e);
        epoch_exit(&t->epoch);
        thread_touch(t, e);
        if (mine && (f->annotated.refresh == SWR_REFRESH_CALLER || !pool_wanted())) {
            refresh_here(t, f, e, lease, args, result, saved);
            return;
        }
        if (mine && !pool_submit(e, lease, NULL)) {
            lease_return(e, lease, clock_add(now, NS_PER_MS));
            thread_count(t, f, COUNTER_dropped);
        }
        if (outcome_serve(t, f, e, args, result, fresh ? COUNTER_hits : COUNTER_stale_hits,
                          fresh ? SWR_HIT : SWR_STALE_HIT, saved))
            t->busy = false;
        else
            outcome_alone(t, f, args, result);
        return;
    }
    /* Nothing on the way here touches errno but a string's malloc(). */
    if (site->form == SWRCACHE_FORM_STRING) {
        int saved = errno;
        bool given = result_give(f, e, args, result);
        errno = saved;
        if (unlikely(!given))
            goto slow;
    } else {
        result_give(f, e, args, result);
    }
    thread_touch(t, e);
    outcome_note(t, f, fresh ? COUNTER_hits : COUNTER_stale_hits, fresh ? SWR_HIT : SWR_STALE_HIT, e, now);
    if (unlikely(atomic_load_explicit(&e->flags, memory_order_relaxed) & ENTRY_FAILED))
        errno = e->result_errno;
    epoch_exit(&t->epoch);
    t->busy = false;
    return;
slow:
    epoch_exit(&t->epoch);
    {
        /* The scratch may be used again by calls from within the body. */
        int saved = errno;
        unsigned char *copy = NULL;
        if (key.bytes != stack) {
            copy = t->scratch;
            t->scratch = NULL;
            t->scratch_size = 0;
        }
        miss_run(t, f, args, result, &key, saved);
        if (copy != NULL) {
            int error = errno;
            os_free(copy);
            errno = error;
        }
    }
}

bool call_peek(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    struct function *f = function_of(site);
    struct thread *t = thread_current != NULL ? thread_current : thread_join();
    unsigned char stack[KEY_ON_STACK];
    struct key key;
    int saved = errno;
    if (f == NULL || t == NULL || t->busy || atomic_load(call_alive) == 0)
        return false;
    t->busy = true;
    bool found = false;
    if (make_key(t, f, args, stack, &key)) {
        epoch_enter(&t->epoch);
        struct entry *e = table_find(&cache_table, atomic_load(&f->identity), &key);
        enum entry_state state = e != NULL ? entry_state(e, clock_now()) : ENTRY_DEAD;
        if (state == ENTRY_FRESH || state == ENTRY_STALE)
            cache_ref(e);
        else
            e = NULL;
        epoch_exit(&t->epoch);
        if (e != NULL) {
            t->busy = false;
            found = result_give(f, e, args, result);
            t->info = (struct swrcache_info){state == ENTRY_FRESH ? SWR_HIT : SWR_STALE_HIT,
                                             clock_now() - e->born, atomic_load(&e->refresh_errno)};
            cache_unref(e);
        }
    }
    t->busy = false;
    errno = saved;
    return found;
}

size_t call_operate(struct swrcache_site *site, enum swrcache_operation operation,
                    const struct swrcache_arg *args)
{
    struct function *f = function_of(site);
    struct thread *t = thread_current != NULL ? thread_current : thread_join();
    unsigned char stack[KEY_ON_STACK];
    struct key key;
    int saved = errno;
    size_t matched = 0;
    if (f == NULL || t == NULL || t->busy || atomic_load(call_alive) == 0)
        return 0;
    t->busy = true;
    if (args == NULL)
        matched = operation == SWRCACHE_OP_INVALIDATE ? cache_invalidate(f, NULL, NULL, false)
                  : operation == SWRCACHE_OP_EXPIRE   ? cache_expire(f, NULL, NULL, false)
                                                      : cache_refresh(f, NULL, NULL, false);
    else {
        /* Out-arguments are no part of a key: whatever stands for them here must not make it doubtful. */
        struct swrcache_arg plain[KEY_MAX_PARAMS + 1];
        static char anything;
        for (uint32_t i = 0; i < site->nparams; i++) {
            plain[i] = args[i];
            if (site->params[i].kind == SWRCACHE_KIND_OUT || site->params[i].kind == SWRCACHE_KIND_OUT_BYTES)
                plain[i].data = &anything;
        }
        if (make_key(t, f, plain, stack, &key))
            matched = cache_operate_key(f, operation, &key);
    }
    t->busy = false;
    errno = saved;
    return matched;
}
