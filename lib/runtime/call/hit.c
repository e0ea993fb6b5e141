#define _GNU_SOURCE
#include "hit.h"
#include "call.h"
#include "call_key.h"
#include "serve.h"
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
 * The door's other form (registry/door.h), for a call that takes no lock and no memory. Who leaves it by
 * siglongjmp() out of a handler leaves `busy` and its epoch behind: the thread's next call mends that.
 */
IN_PLACE void begin(struct thread *t)
{
    thread_inside(t);
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

IN_PLACE void note_hit(struct function *f, struct thread *t, struct entry *e, uint64_t now)
{
    entry_touch(e, thread_count(t, f, COUNTER_hits));
    t->last = (struct thread_last){SWR_HIT, 0, e->shape, now};
    end(t);
}

/*
 * An entry that is not plainly fresh: what became stale while its refresh is another's or not due yet, and
 * what a backend that is down leaves behind. All calls may come by here, so it takes no lock either. Only
 * who has more to do than to serve it takes the longer way.
 */
static __attribute__((noinline)) void serve_late(struct function *f, struct thread *t, struct entry *e,
                                                 const struct swrcache_arg *args, void *result)
{
    uint64_t behind, now = function_now(f, &behind);
    enum decision d = decision_of(f, e, now, behind);
    struct call c = {.site = f->site, .f = f, .t = t, .args = args, .result = result};
    if (!decision_serves(d) || d == DECISION_CLAIM || !serve_entry(&c, e, d, now))
        leave_to_call(f, t, args, result);
    else
        end(t);
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
            serve_late(f, t, e, args, result);
            return;
        }
    } else if ((when & (ENTRY_ODD | ENTRY_TIME)) != ENTRY_NEVER) {
        serve_late(f, t, e, args, result);
        return;
    }
    if (unlikely(!serve_value(f, e, args, result, key_len, word)))
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
        unlikely(atomic_load_explicit(&f->mode, memory_order_relaxed) != 0) || unlikely(!alive_settled()))
        call_other(site, args, result);
    else
        f->hit(site, args, result, f, t);
}
