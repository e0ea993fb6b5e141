#define _GNU_SOURCE
#include "hit.h"
#include "call.h"
#include "call_key.h"
#include "runtime/compute/result.h"
#include "runtime/cache/age.h"
#include "runtime/cache/lease.h"
#include "runtime/cache/refresh_record.h"
#include "runtime/registry/thread.h"
#include "core/hash.h"
#include "base/alive.h"
#include "base/clock.h"
#include "base/sync.h"

#include <errno.h>
#include <string.h>

#define IN_PLACE static inline __attribute__((always_inline))

IN_PLACE bool same_word(const struct entry *e, uint64_t identity, const void *what)
{
    return bytes_word(e->data) == *(const uint64_t *)what && entry_is_of(e, identity);
}

IN_PLACE bool same_half(const struct entry *e, uint64_t identity, const void *what)
{
    return bytes_half(e->data) == *(const uint64_t *)what && entry_is_of(e, identity);
}

IN_PLACE bool same_key(const struct entry *e, uint64_t identity, const void *what)
{
    const struct key *key = what;
    return entry_is_of(e, identity) && entry_has_key_len(e, key->len) &&
           bytes_same(e->data, key->bytes, key->len);
}

/* The characters, of a key that has their number before them and a NUL behind. */
IN_PLACE bool same_text(const struct entry *e, uint64_t identity, const void *what)
{
    const struct key *key = what;
    return entry_is_of(e, identity) && entry_has_key_len(e, key->len + KEY_TEXT_EXTRA) &&
           bytes_same(e->data + 8, key->bytes, key->len);
}

/*
 * `key_len`: the caller's, else 0. The entry has the same, but it is not read there: the value would be
 * fetched only when the entry's first line is.
 */
IN_PLACE bool give(struct function *f, struct entry *e, const struct swrcache_arg *args, void *result,
                   size_t key_len, bool word)
{
    const unsigned char *value = e->data + (key_len != 0 ? key_len : entry_key_len(e));
    if (word || f->give == GIVE_WORD) {
        memcpy(result, value, 8);
        return true;
    }
    switch (f->give) {
    case GIVE_HALF:
        memcpy(result, value, 4);
        return true;
    case GIVE_SOME:
        bytes_copy(result, value, f->site->result_size);
        return true;
    default: {
        int saved = errno; /* a string's malloc() may change it */
        bool given = result_give(f, e, args, result);
        errno = saved;
        return given;
    }
    }
}

IN_PLACE void begin(struct thread *t)
{
    t->busy = true;
    epoch_begin(&t->epoch);
}

IN_PLACE void end(struct thread *t)
{
    epoch_end(&t->epoch);
    t->busy = false;
}

static __attribute__((noinline)) void leave_to_call(struct function *f, struct thread *t,
                                                    const struct swrcache_arg *args, void *result)
{
    end(t);
    call_other(f->site, args, result);
}

IN_PLACE void note(struct function *f, struct thread *t, struct entry *e, enum counter counter,
                   struct thread_last last)
{
    entry_touch(e, thread_count(t, f, counter));
    t->last = last;
    end(t);
}

IN_PLACE void note_hit(struct function *f, struct thread *t, struct entry *e, uint64_t now)
{
    note(f, t, e, COUNTER_hits, (struct thread_last){SWR_HIT, 0, e->shape, now});
}

/*
 * The ends of failures and of fallback are not shortened by what the coarse clock lags behind: so near to
 * them it is dead here, and for the longer way to look at. `when`: its word.
 */
IN_PLACE enum entry_state state_of(struct function *f, struct entry *e, uint64_t when, uint64_t now)
{
    if (when & (uint64_t)ENTRY_FAILED << ENTRY_FLAGS_AT)
        now = clock_add(now, clock_lag());
    if (entry_is_fresh(when, now))
        return ENTRY_FRESH;
    if (age_long_stale(f, e, now))
        return ENTRY_STALE;
    struct age_ends ends = age_ends(f, e);
    if (now < ends.stale)
        return ENTRY_STALE;
    return clock_add(now, clock_lag()) < ends.dead ? ENTRY_FALLBACK : ENTRY_DEAD;
}

/*
 * What a backend that is down leaves behind: a remembered failure, a value whose refresh failed, one past
 * its stale time that nobody is to compute yet. All calls come by here then, so it takes no lock either.
 */
static __attribute__((noinline)) void serve_troubled(struct function *f, struct thread *t, struct entry *e,
                                                     const struct swrcache_arg *args, void *result,
                                                     uint64_t now)
{
    static const struct {
        enum counter counter;
        enum swrcache_outcome outcome;
    } as[] = {[ENTRY_FRESH] = {COUNTER_hits, SWR_HIT},
              [ENTRY_STALE] = {COUNTER_stale_hits, SWR_STALE_HIT},
              [ENTRY_FALLBACK] = {COUNTER_fallback_hits, SWR_FALLBACK_HIT}};
    uint64_t when = lease_word(e);
    enum entry_state state = state_of(f, e, when, now);
    int error = entry_flags(e) & ENTRY_FAILED ? entry_errno(e) : errno;
    struct refresh_record *record = refresh_record_of(e);
    int refresh_errno =
        record != NULL ? atomic_load_explicit(&record->refresh_errno, memory_order_relaxed) : 0;
    /* Past its stale time a call waits for whoever computes; while none may begin to, nobody does. */
    bool other_way = state == ENTRY_DEAD || (state != ENTRY_FRESH && lease_due(when, now)) ||
                     (state == ENTRY_FALLBACK && (when & ENTRY_LEASED));
    if (other_way || !give(f, e, args, result, 0, false)) {
        leave_to_call(f, t, args, result);
        return;
    }
    note(f, t, e, as[state].counter, (struct thread_last){as[state].outcome, refresh_errno, e->shape, now});
    errno = error;
}

/* Stale, and its refresh is another's, or not due yet: served as simply. */
static __attribute__((noinline)) void serve_stale(struct function *f, struct thread *t, struct entry *e,
                                                  const struct swrcache_arg *args, void *result)
{
    uint64_t when = lease_word(e), now = clock_of(atomic_load_explicit(&f->clock, memory_order_relaxed));
    bool fresh = entry_is_fresh(when, now);
    if ((when & ((uint64_t)(ENTRY_FAILED | ENTRY_TROUBLE) << ENTRY_FLAGS_AT)) != 0)
        serve_troubled(f, t, e, args, result, now);
    else if (!fresh && !age_long_stale(f, e, now) && age_of_old(f, e, now) != ENTRY_STALE)
        serve_troubled(f, t, e, args, result, now);
    else if ((!fresh && lease_due(when, now)) || !give(f, e, args, result, 0, false))
        leave_to_call(f, t, args, result);
    else if (fresh)
        note_hit(f, t, e, now);
    else
        note(f, t, e, COUNTER_stale_hits, (struct thread_last){SWR_STALE_HIT, 0, e->shape, now});
}

/* The rest of a call, once its entry is found or not. */
IN_PLACE void answer(struct function *f, struct thread *t, struct entry *e, const struct swrcache_arg *args,
                     void *result, size_t key_len, bool word)
{
    SYNC_POINT("reader.after_lookup");
    if (unlikely(e == NULL)) {
        leave_to_call(f, t, args, result);
        return;
    }
    uint64_t now = 0, when = atomic_load_explicit(&e->when, memory_order_relaxed);
    if (likely(!(when & ENTRY_ODD))) {
        now = clock_of(atomic_load_explicit(&f->clock, memory_order_relaxed));
        if (unlikely(now >= (when & ENTRY_TIME) * ENTRY_STEP_NS)) {
            serve_stale(f, t, e, args, result);
            return;
        }
    } else if ((when & (ENTRY_ODD | ENTRY_TIME)) != ENTRY_NEVER) {
        serve_stale(f, t, e, args, result);
        return;
    }
    if (unlikely(!give(f, e, args, result, key_len, word)))
        leave_to_call(f, t, args, result);
    else
        note_hit(f, t, e, now);
}

IN_PLACE uint64_t identity_of(struct function *f)
{
    return atomic_load_explicit(&f->identity, memory_order_acquire);
}

/* The table's first guess was none: looked up with all that belongs to it. */
static __attribute__((noinline)) struct entry *find_word(struct function *f, uint64_t hash, uint64_t word,
                                                         bool half)
{
    return table_find_by(&cache_table, identity_of(f), hash, half ? same_half : same_word, &word);
}

static __attribute__((noinline)) struct entry *find_key(struct function *f, struct key key, table_same *same)
{
    return table_find_by(&cache_table, identity_of(f), key.hash, same, &key);
}

/* One function for each sort of key and result: what one needs to remember is not in the other's way. */
IN_PLACE void hit_plain(const struct swrcache_arg *args, void *result, struct function *f, struct thread *t,
                        size_t key_len, bool word_result)
{
    uint64_t word = 0;
    memcpy(&word, args[0].data, key_len);
    begin(t);
    uint64_t hash = hash_word(&f->shape, word);
    struct entry *e =
        table_find_first(&cache_table, identity_of(f), hash, key_len == 8 ? same_word : same_half, &word);
    if (unlikely(e == NULL))
        e = find_word(f, hash, word, key_len != 8);
    answer(f, t, e, args, result, key_len, word_result);
}

#define HIT_PLAIN(name, key_len, word_result)                                                                \
    static void name(struct swrcache_site *site, const struct swrcache_arg *args, void *result,              \
                     struct function *f, struct thread *t)                                                   \
    {                                                                                                        \
        (void)site;                                                                                          \
        hit_plain(args, result, f, t, key_len, word_result);                                                 \
    }
HIT_PLAIN(hit_word_word, 8, true)
HIT_PLAIN(hit_word, 8, false)
HIT_PLAIN(hit_half_word, 4, true)
HIT_PLAIN(hit_half, 4, false)

static void hit_many(struct swrcache_site *site, const struct swrcache_arg *args, void *result,
                     struct function *f, struct thread *t)
{
    unsigned char room[KEY_ON_STACK];
    struct entry *e = NULL;
    size_t key_len = 0;
    (void)site;
    begin(t);
    ptrdiff_t size = key_encode_seen(&f->shape, args, room, sizeof room);
    if (likely(size >= 0)) {
        struct key key = {hash_bytes(&f->shape, room, (size_t)size), (size_t)size, room};
        e = table_find_first(&cache_table, identity_of(f), key.hash, same_key, &key);
        if (unlikely(e == NULL))
            e = find_key(f, key, same_key);
        key_len = (size_t)size;
    } else if (size == KEY_TOO_LONG && key_size(&f->shape, args) > KEY_ON_STACK) {
        e = call_key_find_lengthy(f, args, key_hash_args(&f->shape, args));
    }
    answer(f, t, e, args, result, key_len, false);
}

static void hit_text(struct swrcache_site *site, const struct swrcache_arg *args, void *result,
                     struct function *f, struct thread *t)
{
    const char *text = args[0].data;
    if (unlikely(text == NULL)) {
        hit_many(site, args, result, f, t);
        return;
    }
    struct key key = {.bytes = args[0].data, .len = strlen(text)};
    begin(t);
    key.hash = hash_bytes(&f->shape, text, key.len);
    struct entry *e = table_find_first(&cache_table, identity_of(f), key.hash, same_text, &key);
    if (unlikely(e == NULL))
        e = find_key(f, key, same_text);
    answer(f, t, e, args, result, key.len + KEY_TEXT_EXTRA, false);
}

static void hit_none(struct swrcache_site *site, const struct swrcache_arg *args, void *result,
                     struct function *f, struct thread *t)
{
    (void)f;
    (void)t;
    call_other(site, args, result);
}

function_hit *hit_of(const struct function *f)
{
    if (f->give == GIVE_OTHER)
        return hit_none;
    if (f->shape.plain == KEY_OF_WORD)
        return f->give == GIVE_WORD ? hit_word_word : hit_word;
    if (f->shape.plain == KEY_OF_HALF)
        return f->give == GIVE_WORD ? hit_half_word : hit_half;
    return f->shape.plain == KEY_OF_TEXT ? hit_text : hit_many;
}

void hit_run(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    struct function *f = __atomic_load_n((struct function **)&site->function, __ATOMIC_ACQUIRE);
    struct thread *t = thread_current;
    if (unlikely(f == NULL) || unlikely(t == NULL) || unlikely(t->closed != 0) ||
        unlikely(atomic_load_explicit(&f->mode, memory_order_relaxed) != 0) ||
        unlikely(atomic_load_explicit(alive_word, memory_order_relaxed) != ALIVE_READY))
        call_other(site, args, result);
    else
        f->hit(site, args, result, f, t);
}
