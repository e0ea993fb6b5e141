#include "call.h"
#include "age.h"
#include "ask.h"
#include "batch.h"
#include "depend.h"
#include "lease.h"
#include "miss.h"
#include "mode.h"
#include "observe.h"
#include "outcome.h"
#include "own.h"
#include "pool.h"
#include "refresh.h"
#include "result.h"
#include "shadow.h"
#include "verb.h"
#include "base/clock.h"
#include "base/sync.h"

#include <errno.h>
#include <string.h>

static uint64_t now_of(struct function *f)
{
    return clock_of(atomic_load_explicit(&f->clock, memory_order_relaxed));
}

struct lengthy {
    const struct key_shape *shape;
    const struct swrcache_arg *args;
};

static inline bool same_args(const struct entry *e, uint64_t identity, const void *what)
{
    const struct lengthy *l = what;
    return entry_is_of(e, identity) && key_same_args(l->shape, l->args, e->data, entry_key_len(e));
}

struct entry *call_find_lengthy(struct function *f, const struct swrcache_arg *args, uint64_t hash)
{
    struct lengthy l = {&f->shape, args};
    return table_find_by(&cache_table, atomic_load_explicit(&f->identity, memory_order_acquire), hash,
                         same_args, &l);
}

/*
 * The key of a call, on the caller's stack. One too long for it is given by its hash and length alone, with
 * bytes NULL: a hit allocates nothing. False: hand the call on.
 */
static bool make_key(struct function *f, const struct swrcache_arg *args, unsigned char *stack,
                     struct key *key)
{
    ptrdiff_t size = key_size(&f->shape, args);
    key->bytes = NULL;
    key->len = (size_t)size;
    if (size > KEY_ON_STACK)
        key->hash = key_hash_args(&f->shape, args);
    if (size < 0 || size > KEY_ON_STACK)
        return size >= 0;
    if ((size = key_encode(&f->shape, args, stack, (size_t)size)) < 0)
        return false;
    *key = (struct key){key_hash(&f->shape, stack, (size_t)size), (size_t)size, stack};
    return true;
}

/* A long key, encoded after all; os_free(*own) later. False: no memory, or the arguments are changing. */
static bool encode(struct function *f, const struct swrcache_arg *args, struct key *key, unsigned char **own)
{
    *own = NULL;
    if (key->bytes != NULL)
        return true;
    unsigned char *room = os_alloc(key->len);
    ptrdiff_t size = room != NULL ? key_encode(&f->shape, args, room, key->len) : KEY_DOUBTFUL;
    if (size < 0) {
        os_free(room);
        return false;
    }
    *own = room;
    *key = (struct key){key_hash(&f->shape, room, (size_t)size), (size_t)size, room};
    return true;
}

static struct entry *find(struct function *f, const struct swrcache_arg *args, const struct key *key)
{
    if (unlikely(key->bytes == NULL))
        return call_find_lengthy(f, args, key->hash);
    return table_find(&cache_table, atomic_load_explicit(&f->identity, memory_order_acquire), key);
}

/* A long key is the thread's as long as its call runs: gives what it had before, for drop_key(). */
static unsigned char *keep_key(struct thread *t, unsigned char *key)
{
    unsigned char *outer = t->lengthy;
    t->lengthy = key;
    return outer;
}

static void drop_key(struct thread *t, unsigned char *outer)
{
    int error = errno;
    if (!alive_dead())
        thread_drop_key(t);
    t->lengthy = outer;
    errno = error;
}

/* `keyed`: what the key is made of, the arguments or `own`. */
static void answer(struct thread *t, struct function *f, const struct swrcache_arg *args,
                   const struct swrcache_arg *keyed, struct own_key *own_key, void *result)
{
    const struct swrcache_site *site = f->site;
    unsigned char stack[KEY_ON_STACK];
    struct key key;
    t->busy = true;
    if (unlikely(!make_key(f, keyed, stack, &key))) {
        outcome_alone(t, f, args, result);
        return;
    }
    if (t->bound != NULL)
        depend_call(t->bound, f, &key);
    epoch_enter(&t->epoch);
    struct entry *e = find(f, keyed, &key);
    SYNC_POINT("reader.after_lookup");
    if (unlikely(e == NULL))
        goto slow;
    /* The end of a failure is not shortened by what the coarse clock lags behind. */
    uint64_t now = unlikely(entry_flags(e) & ENTRY_FAILED) ? clock_now() : now_of(f);
    bool fresh = likely(now < entry_fresh_until(e));
    if (!fresh && age_state(f, e, now) != ENTRY_STALE)
        goto slow;
    uint64_t lease = 0;
    bool mine = !fresh && lease_due(lease_word(e), now) && lease_claim(e, now, &lease);
    if (unlikely(mine || site->form == SWRCACHE_FORM_OBJECT)) {
        int saved = errno;
        cache_ref(e);
        epoch_exit(&t->epoch);
        thread_touch(t, e);
        if (mine && (f->annotated.refresh == SWR_REFRESH_CALLER || !pool_wanted())) {
            own_key_drop(own_key);
            refresh_here(t, f, e, lease, args, result, saved);
            return;
        }
        if (mine && !ask_refresh(e, lease, NULL)) {
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
    if (t->bound != NULL)
        depend_saw(t->bound, f, e);
    outcome_note(t, f, fresh ? COUNTER_hits : COUNTER_stale_hits, fresh ? SWR_HIT : SWR_STALE_HIT, e, now);
    if (unlikely(entry_flags(e) & ENTRY_FAILED))
        errno = entry_errno(e);
    epoch_exit(&t->epoch);
    t->busy = false;
    return;
slow:
    epoch_exit(&t->epoch);
    {
        int saved = errno;
        unsigned char *own;
        if (!encode(f, keyed, &key, &own)) {
            outcome_alone(t, f, args, result);
            return;
        }
        own_key_drop(own_key);
        unsigned char *outer = keep_key(t, own);
        miss_run(t, f, args, result, &key, saved);
        drop_key(t, outer);
    }
}

/* What the thread keeps for a body that calls this function is not this call's to drop. */
static void answer_kept(struct thread *t, struct function *f, const struct swrcache_arg *args,
                        const struct swrcache_arg *keyed, struct own_key *own_key, void *result)
{
    struct cancel cancel;
    unsigned char *outer = keep_key(t, NULL);
    /* No lock is taken, nor memory held, where the thread can be cancelled; a body can. */
    cancel_off(&cancel);
    t->cancel = cancel;
    answer(t, f, args, keyed, own_key, result);
    t->lengthy = outer;
    cancel_back(&cancel);
}

/* Past the cache. What computes now stands on this call all the same. */
static void answer_past(struct thread *t, struct function *f, const struct swrcache_arg *keyed)
{
    unsigned char stack[KEY_ON_STACK];
    struct cancel cancel;
    struct key key;
    if (t->bound == NULL || alive_dead())
        return;
    cancel_off(&cancel);
    t->busy = true;
    if (make_key(f, keyed, stack, &key))
        depend_call(t->bound, f, &key);
    t->busy = false;
    cancel_back(&cancel);
}

/* `mode`: the word in force, not 0. */
static __attribute__((noinline)) void answer_by_mode(struct thread *t, struct function *f, uint64_t mode,
                                                     const struct swrcache_arg *args,
                                                     const struct swrcache_arg *keyed,
                                                     struct own_key *own_key, void *result)
{
    bool taken = mode_takes(f, mode, keyed);
    if (taken && mode_kind(mode) != FUNCTION_OBSERVE) {
        answer_kept(t, f, args, keyed, own_key, result);
        if (mode_kind(mode) == FUNCTION_SHADOW)
            shadow_call(t, f, args, result);
        return;
    }
    answer_past(t, f, keyed);
    if (taken) {
        observe_call(t, f, args, keyed, own_key, result);
    } else {
        own_key_drop(own_key);
        outcome_bypass(t, f, f->site, args, result);
    }
}

static inline void answer_any(struct thread *t, struct function *f, uint64_t mode,
                              const struct swrcache_arg *args, const struct swrcache_arg *keyed,
                              struct own_key *own_key, void *result)
{
    if (unlikely(mode != 0))
        answer_by_mode(t, f, mode, args, keyed, own_key, result);
    else
        answer_kept(t, f, args, keyed, own_key, result);
}

static __attribute__((noinline)) void answer_own(struct thread *t, struct function *f, uint64_t mode,
                                                 const struct swrcache_arg *args, void *result)
{
    struct own_key own;
    if (own_key_make(t, f, args, &own))
        answer_any(t, f, mode, args, &own.arg, &own, result);
    else
        outcome_bypass(t, f, f->site, args, result);
    own_key_drop(&own);
}

void (*call_first)(const struct swrcache_site *site);

void call_other(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    if (unlikely(atomic_load_explicit(alive_word, memory_order_relaxed) == ALIVE_NEW))
        call_first(site);
    call_run(site, args, result);
}

void call_run(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    struct function *f = __atomic_load_n((struct function **)&site->function, __ATOMIC_ACQUIRE);
    struct thread *t = thread_current;
    if (unlikely(f == NULL))
        f = function_of(site);
    uint64_t mode = f != NULL ? mode_of(f) : 0;
    if (unlikely(f == NULL || alive_dead() || (t != NULL && t->busy) || mode_kind(mode) == FUNCTION_OFF)) {
        if (t != NULL && f != NULL && !t->busy && f->own_key == NULL)
            answer_past(t, f, args);
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
    if (unlikely(f->own_key != NULL)) {
        answer_own(t, f, mode, args, result);
        return;
    }
    answer_any(t, f, mode, args, args, NULL, result);
}

bool call_forced(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    struct function *f = function_of(site);
    struct thread *t = thread_current != NULL ? thread_current : thread_join();
    struct own_key own_key = {.more = NULL};
    const struct swrcache_arg *keyed = NULL;
    unsigned char stack[KEY_ON_STACK], *own = NULL;
    struct key key;
    struct cancel cancel;
    bool done = true;
    uint64_t mode = f != NULL ? mode_of(f) : 0;
    if (f != NULL && t != NULL && !t->busy && !alive_dead() &&
        (mode_kind(mode) == FUNCTION_ON || mode_kind(mode) == FUNCTION_SHADOW) &&
        (f->annotated.unless == NULL || !f->annotated.unless()))
        keyed = own_key_args_of(t, f, args, &own_key);
    if (keyed == NULL || !mode_takes(f, mode, keyed)) {
        own_key_drop(&own_key);
        outcome_bypass(t, f, site, args, result);
        return true;
    }
    cancel_off(&cancel);
    t->cancel = cancel;
    t->busy = true;
    bool made = make_key(f, keyed, stack, &key) && encode(f, keyed, &key, &own);
    own_key_drop(&own_key);
    unsigned char *outer = keep_key(t, own);
    if (made && t->bound != NULL)
        depend_call(t->bound, f, &key);
    if (made)
        done = miss_forced(t, f, args, result, &key);
    else
        outcome_alone(t, f, args, result);
    drop_key(t, outer);
    cancel_back(&cancel);
    return done;
}

bool call_peek(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    struct function *f = function_of(site);
    struct thread *t = thread_current != NULL ? thread_current : thread_join();
    unsigned char stack[KEY_ON_STACK];
    struct key key;
    int saved = errno;
    if (f == NULL || t == NULL || t->busy || alive_dead())
        return false;
    bool found = false;
    struct own_key own = {.more = NULL};
    const struct swrcache_arg *keyed = own_key_args_of(t, f, args, &own);
    struct cancel cancel;
    cancel_off(&cancel);
    t->busy = true;
    if (keyed != NULL && make_key(f, keyed, stack, &key)) {
        if (t->bound != NULL)
            depend_call(t->bound, f, &key);
        epoch_enter(&t->epoch);
        struct entry *e = find(f, keyed, &key);
        enum entry_state state = e != NULL ? age_state(f, e, clock_now()) : ENTRY_DEAD;
        if (state == ENTRY_FRESH || state == ENTRY_STALE)
            cache_ref(e);
        else
            e = NULL;
        if (e != NULL && t->bound != NULL)
            depend_saw(t->bound, f, e);
        epoch_exit(&t->epoch);
        if (e != NULL) {
            t->busy = false;
            found = result_give(f, e, args, result);
            if (found && (entry_flags(e) & ENTRY_FAILED))
                saved = entry_errno(e);
            t->last = (struct thread_last){state == ENTRY_FRESH ? SWR_HIT : SWR_STALE_HIT,
                                           care_errno(&t->epoch, e), e->shape, clock_now()};
            cache_unref(e);
        }
    }
    own_key_drop(&own);
    t->busy = false;
    cancel_back(&cancel);
    errno = saved;
    return found;
}

/* 1: a call would get an entry. */
static size_t present(struct thread *t, struct function *f, const struct key *key)
{
    epoch_enter(&t->epoch);
    struct entry *e = table_find(&cache_table, atomic_load(&f->identity), key);
    size_t n = e != NULL && age_state(f, e, clock_now()) != ENTRY_DEAD;
    epoch_exit(&t->epoch);
    return n;
}

size_t call_operate(struct swrcache_site *site, enum swrcache_operation operation,
                    const struct swrcache_arg *args)
{
    struct function *f = function_of(site);
    struct thread *t = thread_current != NULL ? thread_current : thread_join();
    unsigned char stack[KEY_ON_STACK];
    struct key key;
    int saved = errno;
    struct cancel cancel;
    size_t matched = 0;
    if (f == NULL || t == NULL || t->busy || alive_dead())
        return 0;
    struct own_key own = {.more = NULL};
    /* Out-arguments are no part of a key: whatever stands for them here must not make it doubtful. */
    struct swrcache_arg plain[KEY_MAX_PARAMS + 1];
    _Alignas(16) unsigned char anything[512] = {0}; /* a key of the user's own may look at it */
    for (uint32_t i = 0; args != NULL && i < site->nparams; i++) {
        plain[i] = args[i];
        if (site->params[i].kind == SWRCACHE_KIND_OUT || site->params[i].kind == SWRCACHE_KIND_OUT_BYTES)
            plain[i].data =
                plain[i].size <= sizeof anything || args[i].data == NULL ? anything : args[i].data;
    }
    const struct swrcache_arg *keyed = args != NULL ? own_key_args_of(t, f, plain, &own) : NULL;
    cancel_off(&cancel);
    t->busy = true;
    if (args == NULL && batch_note(operation, site->name))
        matched = verb_several(operation, &f, 1, true);
    else if (args == NULL)
        matched = operation == SWRCACHE_OP_INVALIDATE ? verb_invalidate(f, NULL, NULL, false)
                                                      : verb_run(operation, f, NULL, NULL, false);
    else if (keyed != NULL) {
        unsigned char *long_key = NULL;
        if (make_key(f, keyed, stack, &key) && encode(f, keyed, &key, &long_key))
            matched = batch_note_key(operation, f, &key) ? present(t, f, &key) : verb_key(f, operation, &key);
        os_free(long_key);
    }
    own_key_drop(&own);
    t->busy = false;
    cancel_back(&cancel);
    errno = saved;
    return matched;
}
