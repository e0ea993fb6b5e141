#include "played.h"
#include "mode.h"
#include "observed.h"
#include "base/clock.h"

#include <string.h>

enum { PROBES = 64 };

/* `make`: it may be a new one. */
static struct observed_key *find_key(struct observed_function *o, uint64_t hash, bool make)
{
    for (uint32_t i = 0; i < PROBES; i++) {
        struct observed_key *k = &o->key[(hash + i) % OBSERVED_KEYS];
        uint64_t there = atomic_load(&k->hash);
        if (there == 0 && !make)
            return NULL;
        if (there == hash ||
            (there == 0 && (atomic_compare_exchange_strong(&k->hash, &there, hash) || there == hash)))
            return k;
    }
    return NULL;
}

/*
 * An entry is made at `now`, in slices, in the place of one of `before`: how much lives then, what is up to
 * an eighth of a ttl too old with it.
 */
static void fill(struct observed_function *o, int ttl, uint64_t before, uint64_t now, uint64_t bytes)
{
    uint64_t sum = 0;
    _Atomic uint64_t *slice = o->slice[ttl], *made = o->made[ttl];
    bytes += sizeof(struct entry);
    if (now - before < OBSERVED_SLICES && atomic_load(&slice[before % OBSERVED_SLICES]) == before &&
        atomic_load(&made[before % OBSERVED_SLICES]) >= bytes)
        atomic_fetch_sub(&made[before % OBSERVED_SLICES], bytes);
    if (atomic_exchange(&slice[now % OBSERVED_SLICES], now) != now)
        atomic_store(&made[now % OBSERVED_SLICES], 0);
    atomic_fetch_add(&made[now % OBSERVED_SLICES], bytes);
    for (int i = 0; i < OBSERVED_SLICES; i++)
        if (now - atomic_load(&slice[i]) < OBSERVED_SLICES)
            sum += atomic_load(&made[i]);
    if (sum > atomic_load(&o->most[ttl]))
        atomic_store(&o->most[ttl], sum);
}

static _Atomic uint64_t *fence_of(struct observed_function *o, enum observed_word word, uint64_t id)
{
    return &o->fences[word][id % OBSERVED_FENCES];
}

/* Was what was computed after verb `act` taken back since? */
static bool taken(struct observed_function *o, struct observed_key *k, uint64_t act, enum observed_word word)
{
    uint64_t n = atomic_load(&k->nmarks);
    if (atomic_load(&o->acts) == act)
        return false;
    if (n > OBSERVED_MARKS || atomic_load(&o->taken[word]) > act || atomic_load(&k->taken[word]) > act ||
        atomic_load(fence_of(o, word, atomic_load(&k->hash))) > act)
        return true;
    for (uint64_t i = 0; i < n; i++)
        if (atomic_load(fence_of(o, word, atomic_load(&k->marks[i]))) > act)
            return true;
    return false;
}

enum found { FOUND_NOTHING, FOUND_STALE, FOUND_FRESH };

static enum found look(struct observed_function *o, struct observed_key *k, int i, const struct played *p,
                       uint64_t ttl)
{
    uint64_t computed = atomic_load(&k->play[i].computed), act = atomic_load(&k->play[i].act);
    uint64_t own = atomic_load(&k->own_fresh), stale = p->stale;
    if (computed == 0 || taken(o, k, act, OBSERVED_GONE))
        return FOUND_NOTHING;
    uint64_t age = p->at - (computed - 1);
    if (atomic_load(&k->failed) >> i & 1)
        return age < p->negative ? FOUND_FRESH : FOUND_NOTHING;
    if (own != 0)
        ttl = own - 1;
    if (atomic_load(&k->own_stale) != 0)
        stale = atomic_load(&k->own_stale) - 1;
    if (age < ttl && !taken(o, k, act, OBSERVED_OLD))
        return FOUND_FRESH;
    return age < clock_add(ttl, stale) && stale != 0 ? FOUND_STALE : FOUND_NOTHING;
}

static void store(struct observed_function *o, struct observed_key *k, int i, const struct played *p,
                  uint64_t ttl)
{
    uint64_t before = atomic_load(&k->play[i].computed), step = ttl / (OBSERVED_SLICES - 1);
    if (p->skipped || (p->failed && p->negative == 0))
        return;
    atomic_store(&k->play[i].computed, p->at + 1);
    atomic_store(&k->play[i].kept, p->digest);
    atomic_store(&k->play[i].act, p->act);
    if (p->failed)
        atomic_fetch_or(&k->failed, UINT64_C(1) << i);
    else
        atomic_fetch_and(&k->failed, ~(UINT64_C(1) << i));
    fill(o, i, before / step, p->at / step, p->bytes);
}

static void play(struct observed_function *o, struct observed_key *k, const struct played *p)
{
    static const uint64_t seconds[OBSERVED_TTLS] = OBSERVED_TTL_SECONDS;
    for (int i = 0; i < OBSERVED_TTLS; i++) {
        uint64_t ttl = seconds[i] * 1000000000u;
        enum found found = look(o, k, i, p, ttl);
        bool was_failure = atomic_load(&k->failed) >> i & 1;
        bool differs = !p->failed && (was_failure || atomic_load(&k->play[i].kept) != p->digest);
        if (found != FOUND_NOTHING) {
            atomic_fetch_add(&o->hits[i], 1);
            atomic_fetch_add(&o->saved[i], p->cost);
        }
        if (found == FOUND_FRESH) {
            atomic_fetch_add(&o->differ[i], differs);
        } else if (found == FOUND_STALE) {
            atomic_fetch_add(&o->stale_hits[i], 1);
            atomic_fetch_add(&o->old[i], differs);
        }
        /* The refresh of what is stale; one that fails leaves it. */
        if (found == FOUND_NOTHING || (found == FOUND_STALE && !p->failed))
            store(o, k, i, p, ttl);
    }
}

static void changed(struct observed_function *o, uint64_t age, bool told)
{
    uint64_t shortest = atomic_load(&o->shortest);
    atomic_fetch_add(&o->changes, 1);
    atomic_fetch_add(&o->told, told);
    if (!told && (shortest == 0 || age < shortest))
        atomic_store(&o->shortest, age);
}

/* What its last good result was, and whether that was to be expected. */
static void note(struct observed_function *o, struct observed_key *k, const struct played *p)
{
    uint64_t since = atomic_load(&k->since), act = atomic_load(&k->act);
    bool differs = since != 0 && atomic_load(&k->digest) != p->digest;
    if (differs)
        changed(o, p->at - (since - 1), taken(o, k, act, OBSERVED_GONE) || taken(o, k, act, OBSERVED_OLD));
    if (since == 0 || differs) {
        atomic_store(&k->digest, p->digest);
        atomic_store(&k->since, p->at + 1);
    }
    atomic_store(&k->act, p->act);
}

static void note_marks(struct observed_key *k, const struct played *p)
{
    for (uint32_t i = 0; i < p->nmarks && i < OBSERVED_MARKS; i++)
        atomic_store(&k->marks[i], p->marks[i].id);
    atomic_store(&k->nmarks, p->nmarks);
    atomic_store(&k->own_fresh, p->own_fresh);
    atomic_store(&k->own_stale, p->own_stale);
}

/* A new key. Who takes some back now finds it; who did while it was computed may have meant it. */
static void enter(struct observed_function *o, struct observed_key *k, const struct played *p)
{
    atomic_fetch_add(&o->bytes, p->bytes);
    if (p->key_bytes != NULL && p->key_len <= OBSERVED_BYTES) {
        if (p->key_len != 0)
            memcpy(k->bytes, p->key_bytes, p->key_len);
        atomic_store(&k->length, p->key_len + 1);
    }
    uint64_t place = atomic_fetch_add(&o->keys, 1);
    if (place < OBSERVED_KEYS)
        atomic_store(&o->order[place], (uint32_t)(k - o->key) + 1);
    for (int w = 0; w < OBSERVED_WORDS; w++)
        if (atomic_load(&o->matched[w]) > p->act)
            atomic_store(&k->taken[w], atomic_load(&o->matched[w]));
}

uint64_t played_act(const struct observed_function *o)
{
    return atomic_load(&o->acts);
}

void played_call(struct observed_function *o, const struct played *p)
{
    struct observed_key *k = find_key(o, p->key | 1, true);
    uint64_t none = 0;
    atomic_compare_exchange_strong(&o->began, &none, p->at + 1);
    atomic_store(&o->last, p->at + p->cost);
    atomic_store(&o->stale, p->stale);
    atomic_fetch_add(&o->calls, 1);
    atomic_fetch_add(&o->ns, p->cost);
    if (k == NULL) {
        atomic_fetch_add(&o->uncounted, 1);
        return;
    }
    if (!atomic_exchange(&k->seen, true))
        enter(o, k, p);
    if (!p->failed)
        note(o, k, p);
    play(o, k, p);
    note_marks(k, p);
}

static struct observed_function *observed_now(struct function *f)
{
    struct observed_function *o = atomic_load_explicit(&f->observed, memory_order_acquire);
    return o != NULL && mode_kind(mode_of(f)) == FUNCTION_OBSERVE ? o : NULL;
}

void played_key_taken(struct function *f, uint64_t hash, enum observed_word word)
{
    struct observed_function *o = observed_now(f);
    if (o == NULL)
        return;
    struct observed_key *k = find_key(o, hash | 1, false);
    uint64_t act = atomic_fetch_add(&o->acts, 1) + 1;
    atomic_store(k != NULL ? &k->taken[word] : fence_of(o, word, hash | 1), act);
}

void played_some_taken(struct function *f, played_match *match, void *cookie, enum observed_word word)
{
    struct observed_function *o = observed_now(f);
    if (o == NULL)
        return;
    uint64_t act = atomic_fetch_add(&o->acts, 1) + 1, count = atomic_load(&o->keys);
    atomic_store(&o->matched[word], act);
    for (uint64_t i = 0; i < count && i < OBSERVED_KEYS; i++) {
        uint32_t place = atomic_load(&o->order[i]);
        if (place == 0)
            continue; /* just coming: it sees this */
        struct observed_key *k = &o->key[place - 1];
        uint64_t len = atomic_load(&k->length);
        struct key key = {atomic_load(&k->hash), len - 1, k->bytes};
        if (len == 0 || match(f, &key, cookie))
            atomic_store(&k->taken[word], act);
    }
}

void played_all_taken(struct function *f, enum observed_word word)
{
    struct observed_function *o = observed_now(f);
    if (o != NULL)
        atomic_store(&o->taken[word], atomic_fetch_add(&o->acts, 1) + 1);
}

void played_mark_taken(uint64_t id, enum observed_word word)
{
    if (!observed_any())
        return;
    uint32_t at = 0;
    for (struct function *f; (f = function_next(&at)) != NULL; function_release(f)) {
        struct observed_function *o = observed_now(f);
        if (o != NULL)
            atomic_store(fence_of(o, word, id), atomic_fetch_add(&o->acts, 1) + 1);
    }
}
