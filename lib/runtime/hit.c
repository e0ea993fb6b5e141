#define _GNU_SOURCE
#include "hit.h"
#include "age.h"
#include "call.h"
#include "lease.h"
#include "result.h"
#include "thread.h"
#include "base/clock.h"
#include "base/sync.h"

#include <errno.h>
#include <string.h>

static inline bool same_word(const struct entry *e, uint64_t identity, const void *what)
{
    uint64_t word;
    memcpy(&word, e->data, sizeof word);
    return word == *(const uint64_t *)what && entry_is_of(e, identity);
}

/* Short ones in place: a call of memcmp() costs more than comparing. */
static inline bool same_bytes(const unsigned char *a, const unsigned char *b, size_t len)
{
    if (len > 64)
        return memcmp(a, b, len) == 0;
    if (len >= 16) {
        for (size_t at = 0; at + 16 < len; at += 16)
            if (memcmp(a + at, b + at, 16) != 0)
                return false;
        return memcmp(a + len - 16, b + len - 16, 16) == 0;
    }
    if (len >= 8)
        return memcmp(a, b, 8) == 0 && memcmp(a + len - 8, b + len - 8, 8) == 0;
    for (size_t at = 0; at < len; at++)
        if (a[at] != b[at])
            return false;
    return true;
}

static inline bool same_text(const struct entry *e, uint64_t identity, const void *what)
{
    const struct key *key = what;
    return entry_is_of(e, identity) && entry_key_len(e) == key->len + KEY_TEXT_EXTRA &&
           same_bytes(e->data + 8, key->bytes, key->len);
}

static inline bool same_key(const struct entry *e, uint64_t identity, const void *what)
{
    const struct key *key = what;
    return entry_is_of(e, identity) && entry_key_len(e) == key->len &&
           same_bytes(e->data, key->bytes, key->len);
}

/* From 16 bytes on: as many pieces as it takes, the last one reaching back. */
static inline void copy_some(unsigned char *to, const unsigned char *from, size_t len)
{
    for (size_t at = 0; at + 16 < len; at += 16)
        memcpy(to + at, from + at, 16);
    memcpy(to + len - 16, from + len - 16, 16);
}

static inline bool give(struct function *f, struct entry *e, const struct swrcache_arg *args, void *result)
{
    const unsigned char *value = entry_value(e);
    switch (f->give) {
    case GIVE_WORD:
        memcpy(result, value, 8);
        return true;
    case GIVE_SOME:
        copy_some(result, value, f->site->result_size);
        return true;
    default: {
        int saved = errno; /* a string's malloc() may change it */
        bool given = result_give(f, e, args, result);
        errno = saved;
        return given;
    }
    }
}

/* The rest of a call, once its entry is found or not. */
static inline __attribute__((always_inline)) void
answer(struct thread *t, struct function *f, struct entry *e, const struct swrcache_arg *args, void *result)
{
    SYNC_POINT("reader.after_lookup");
    if (unlikely(e == NULL))
        goto other;
    uint64_t now = 0, when = atomic_load_explicit(&e->when, memory_order_relaxed);
    enum counter counter = COUNTER_hits;
    enum swrcache_outcome outcome = SWR_HIT;
    if (likely((when & (ENTRY_TURN | ENTRY_TIME)) != ENTRY_NEVER)) {
        now =
            unlikely(atomic_load_explicit(&f->precise, memory_order_relaxed)) ? clock_now() : clock_coarse();
        if (unlikely((when & ENTRY_TURN) || now >= entry_ns(when & ENTRY_TIME))) {
            /* Stale, and its refresh is another's, or not due yet: served as simply. */
            if (lease_due(when, now) || age_of_old(f, e, now) != ENTRY_STALE)
                goto other;
            counter = COUNTER_stale_hits;
            outcome = SWR_STALE_HIT;
        }
    }
    /* An error to be told: seldom enough. */
    if (unlikely(when & ((uint64_t)(ENTRY_FAILED | ENTRY_TROUBLE) << ENTRY_FLAGS_AT)))
        goto other;
    if (unlikely(!give(f, e, args, result)))
        goto other;
    thread_touch(t, e);
    thread_count(t, f, counter);
    t->info.outcome = outcome;
    t->info.age_ms = now != 0 ? now - entry_born(e) : entry_born(e) | THREAD_BORN;
    t->info.refresh_errno = 0;
    epoch_end(&t->epoch);
    t->busy = false;
    return;
other:
    epoch_end(&t->epoch);
    t->busy = false;
    call_other(f->site, args, result);
}

static inline void begin(struct thread *t)
{
    t->busy = true;
    epoch_begin(&t->epoch);
}

static inline uint64_t identity_of(struct function *f)
{
    return atomic_load_explicit(&f->identity, memory_order_acquire);
}

/* One function for each sort of key: what one needs to remember is not in the other's way. */

static __attribute__((noinline)) void hit_word(struct thread *t, struct function *f,
                                               const struct swrcache_arg *args, void *result)
{
    uint64_t word;
    memcpy(&word, args[0].data, sizeof word);
    begin(t);
    uint64_t hash = key_hash_word(&f->shape, word);
    answer(t, f, table_find_by(&cache_table, identity_of(f), hash, same_word, &word, sizeof word), args,
           result);
}

static __attribute__((noinline)) void hit_text(struct thread *t, struct function *f,
                                               const struct swrcache_arg *args, void *result)
{
    const char *text = args[0].data;
    struct key key = {.bytes = args[0].data, .len = strlen(text)};
    begin(t);
    key.hash = key_hash_text(&f->shape, text, key.len);
    answer(t, f, table_find_by(&cache_table, identity_of(f), key.hash, same_text, &key, sizeof key), args,
           result);
}

static __attribute__((noinline)) void hit_many(struct thread *t, struct function *f,
                                               const struct swrcache_arg *args, void *result)
{
    unsigned char room[KEY_ON_STACK];
    struct key key = {.bytes = room};
    struct entry *e = NULL;
    begin(t);
    ptrdiff_t size = key_size(&f->shape, args);
    if (size > KEY_ON_STACK) {
        e = call_find_lengthy(f, args, key_hash_args(&f->shape, args));
    } else if (size >= 0 && (size = key_encode(&f->shape, args, room, (size_t)size)) >= 0) {
        key.len = (size_t)size;
        key.hash = key_hash(&f->shape, room, key.len);
        e = table_find_by(&cache_table, identity_of(f), key.hash, same_key, &key, sizeof key);
    }
    answer(t, f, e, args, result);
}

void hit_run(struct swrcache_site *site, const struct swrcache_arg *args, void *result)
{
    struct function *f = __atomic_load_n((struct function **)&site->function, __ATOMIC_ACQUIRE);
    struct thread *t = thread_current;
    if (unlikely(f == NULL) || unlikely(t == NULL) || unlikely(t->busy) || unlikely(t->bound != NULL) ||
        unlikely(f->give == GIVE_OTHER) ||
        unlikely(atomic_load_explicit(&f->mode, memory_order_relaxed) != 0) ||
        unlikely(atomic_load_explicit(call_alive, memory_order_relaxed) != CALL_READY))
        call_other(site, args, result);
    else if (f->shape.plain == KEY_OF_WORD)
        hit_word(t, f, args, result);
    else if (f->shape.plain == KEY_OF_TEXT && args[0].data != NULL)
        hit_text(t, f, args, result);
    else
        hit_many(t, f, args, result);
}
