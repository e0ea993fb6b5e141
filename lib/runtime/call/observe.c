#define _GNU_SOURCE
#include "observe.h"
#include "runtime/compute/custom_key.h"
#include "runtime/compute/digest.h"
#include "runtime/compute/result.h"
#include "runtime/registry/door.h"
#include "runtime/registry/observed.h"
#include "base/alive.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PROBES = 64 };

static struct observed_key *find_key(struct observed_function *o, uint64_t hash)
{
    for (uint32_t i = 0; i < PROBES; i++) {
        struct observed_key *k = &o->key[(hash + i) % OBSERVED_KEYS];
        uint64_t there = 0;
        if (atomic_load(&k->hash) == hash || atomic_compare_exchange_strong(&k->hash, &there, hash) ||
            there == hash)
            return k;
    }
    return NULL;
}

struct seen {
    uint64_t key, digest, bytes, at, cost;
    bool failed; /* not to be remembered, and it says nothing of what is */
};

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

static void play(struct observed_function *o, struct observed_key *k, const struct seen *s)
{
    static const uint64_t seconds[OBSERVED_TTLS] = OBSERVED_TTL_SECONDS;
    for (int i = 0; i < OBSERVED_TTLS; i++) {
        uint64_t computed = atomic_load(&k->computed[i]), ttl = seconds[i] * 1000000000u;
        if (computed != 0 && s->at - (computed - 1) < ttl) {
            atomic_fetch_add(&o->hits[i], 1);
            atomic_fetch_add(&o->saved[i], s->cost);
            atomic_fetch_add(&o->differ[i], !s->failed && atomic_load(&k->kept[i]) != s->digest);
        } else if (!s->failed) {
            atomic_store(&k->computed[i], s->at + 1);
            atomic_store(&k->kept[i], s->digest);
            uint64_t step = ttl / (OBSERVED_SLICES - 1);
            fill(o, i, computed / step, s->at / step, s->bytes);
        }
    }
}

static void changed(struct observed_function *o, uint64_t age)
{
    uint64_t shortest = atomic_load(&o->shortest);
    atomic_fetch_add(&o->changes, 1);
    if (shortest == 0 || age < shortest)
        atomic_store(&o->shortest, age);
}

static void record(struct observed_function *o, const struct seen *s)
{
    struct observed_key *k = find_key(o, s->key | 1);
    uint64_t none = 0;
    atomic_compare_exchange_strong(&o->began, &none, s->at + 1);
    atomic_store(&o->last, s->at + s->cost);
    atomic_fetch_add(&o->calls, 1);
    atomic_fetch_add(&o->ns, s->cost);
    if (k == NULL) {
        atomic_fetch_add(&o->uncounted, 1);
        return;
    }
    uint64_t since = atomic_load(&k->since);
    bool differs = since != 0 && !s->failed && atomic_load(&k->digest) != s->digest;
    if (!atomic_exchange(&k->seen, true)) {
        atomic_fetch_add(&o->keys, 1);
        atomic_fetch_add(&o->bytes, s->bytes);
    }
    if (differs)
        changed(o, s->at - (since - 1));
    if ((since == 0 || differs) && !s->failed) {
        atomic_store(&k->digest, s->digest);
        atomic_store(&k->since, s->at + 1);
    }
    play(o, k, s);
}

/* False: nothing can be said of the result. */
static bool digest(const struct call *c, struct seen *s)
{
    uint64_t bytes = 0;
    door_call(c->t);
    door_hold(c->t);
    bool known = function_comparable(c->f) && digest_of_result(c->f, c->args, c->result, &s->digest, &bytes);
    door_answered(c->t);
    s->bytes += bytes;
    return known;
}

void observe_call(const struct call *c)
{
    struct function *f = c->f;
    struct observed_function *o = observed_at(f);
    /* Before the call: it may change what its pointers lead to. */
    ptrdiff_t len = o != NULL ? key_size(&f->shape, c->keyed) : -1;
    struct seen s = {.bytes = len >= 0 ? (uint64_t)len : 0};
    if (len >= 0)
        s.key = key_hash_args(&f->shape, c->keyed);
    custom_key_drop(c->custom_key);
    s.at = clock_now();
    outcome_bypass(c);
    if (len < 0 || alive_dead())
        return;
    int error = errno;
    s.cost = clock_now() - s.at;
    s.failed = result_said_failed(f, c->result) || result_fails(f, c->result);
    if (!digest(c, &s))
        atomic_fetch_add(&o->opaque, 1);
    record(o, &s);
    errno = error;
}
