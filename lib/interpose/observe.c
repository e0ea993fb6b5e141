#define _GNU_SOURCE
#include "interpose.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/os.h"
#include "core/key.h"
#include "observation.h"
#include "runtime/function.h"

enum { KEY_ROOM = 4096, PROBES = 64 };

static _Atomic(struct observation *) shared;
static _Atomic int opening; /* 1: being opened or refused for good */

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct observation *observation_open(void)
{
    struct observation *o = atomic_load_explicit(&shared, memory_order_acquire);
    const char *directory;
    char path[4096];
    if (o != NULL || atomic_exchange(&opening, 1) != 0 || (directory = secure_getenv("SWR_OBSERVE")) == NULL)
        return o;
    snprintf(path, sizeof path, "%s/%ld.%llx", directory, (long)getpid(), (unsigned long long)os_random());
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return NULL;
    void *map = MAP_FAILED;
    if (ftruncate(fd, sizeof *o) == 0)
        map = mmap(NULL, sizeof *o, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED)
        return NULL;
    o = map;
    snprintf(o->program, sizeof o->program, "%s", program_invocation_short_name);
    atomic_store(&o->began, now_ns());
    atomic_store(&o->magic, OBSERVATION_MAGIC);
    atomic_store_explicit(&shared, o, memory_order_release);
    return o;
}

/* Where a rule is counted; its number is kept in the slot, one above. */
static struct observed_function *counted_at(struct observation *o, struct interpose_slot *slot)
{
    uint32_t number = __atomic_load_n(&slot->observed, __ATOMIC_ACQUIRE);
    if (number == 0) {
        uint32_t mine = atomic_fetch_add(&o->functions, 1) + 1, none = 0;
        if (mine > OBSERVED_FUNCTIONS)
            return NULL;
        snprintf(o->function[mine - 1].name, sizeof o->function[0].name, "%s", slot->name);
        number =
            __atomic_compare_exchange_n(&slot->observed, &none, mine, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)
                ? mine
                : none; /* another thread was first: the row stays empty */
    }
    return number <= OBSERVED_FUNCTIONS ? &o->function[number - 1] : NULL;
}

static struct observed_key *find_key(struct observed_function *f, uint64_t hash)
{
    for (uint32_t i = 0; i < PROBES; i++) {
        struct observed_key *k = &f->key[(hash + i) % OBSERVED_KEYS];
        uint64_t there = 0;
        if (atomic_load(&k->hash) == hash || atomic_compare_exchange_strong(&k->hash, &there, hash) ||
            there == hash)
            return k;
    }
    return NULL;
}

/* What came out of a call: the result and all out-arguments. */
static uint64_t digest_of(const struct key_shape *shape, const struct interpose_slot *slot,
                          const struct swrcache_arg *args, const void *result, uint64_t *bytes)
{
    const struct swrcache_site *site = &slot->site;
    const void *data = result;
    size_t len = site->result_size;
    if (slot->result == SLOT_STR || slot->result == SLOT_CSTR) {
        memcpy(&data, result, sizeof data);
        len = data != NULL ? strlen(data) + 1 : 0;
    }
    uint64_t digest = len != 0 ? key_hash(shape, data, len) : 0;
    *bytes += len;
    for (uint32_t i = 0; i < site->nparams; i++) {
        bool out =
            site->params[i].kind == SWRCACHE_KIND_OUT || site->params[i].kind == SWRCACHE_KIND_OUT_BYTES;
        if (!out || args[i].size == SIZE_MAX || args[i].data == NULL)
            continue;
        digest = digest * 31 + key_hash(shape, args[i].data, args[i].size);
        *bytes += args[i].size;
    }
    return digest;
}

static void play(struct observed_function *f, struct observed_key *k, uint64_t digest, uint64_t at,
                 uint64_t cost)
{
    static const uint64_t seconds[OBSERVED_TTLS] = OBSERVED_TTL_SECONDS;
    for (int i = 0; i < OBSERVED_TTLS; i++) {
        uint64_t computed = atomic_load(&k->computed[i]);
        if (computed != 0 && at - computed < seconds[i] * 1000000000u) {
            atomic_fetch_add(&f->hits[i], 1);
            atomic_fetch_add(&f->saved[i], cost);
            atomic_fetch_add(&f->differ[i], atomic_load(&k->kept[i]) != digest);
        } else {
            atomic_store(&k->computed[i], at);
            atomic_store(&k->kept[i], digest);
        }
    }
}

static void record(struct observed_function *f, struct interpose_slot *slot, const struct swrcache_arg *args,
                   const struct key *key, const void *result, uint64_t at, uint64_t cost)
{
    const struct key_shape *shape = &((struct function *)slot->site.function)->shape;
    uint64_t bytes = key->len, digest = digest_of(shape, slot, args, result, &bytes);
    struct observed_key *k = find_key(f, key->hash | 1);
    atomic_fetch_add(&f->calls, 1);
    atomic_fetch_add(&f->ns, cost);
    if (k == NULL) {
        atomic_fetch_add(&f->uncounted, 1);
        return;
    }
    uint64_t since = atomic_load(&k->since);
    if (since == 0) {
        atomic_fetch_add(&f->keys, 1);
        atomic_fetch_add(&f->bytes, bytes);
    } else if (atomic_load(&k->digest) != digest) {
        uint64_t shortest = atomic_load(&f->shortest), age = at - since;
        atomic_fetch_add(&f->changes, 1);
        if (shortest == 0 || age < shortest)
            atomic_store(&f->shortest, age);
    }
    if (since == 0 || atomic_load(&k->digest) != digest) {
        atomic_store(&k->digest, digest);
        atomic_store(&k->since, at);
    }
    play(f, k, digest, at, cost);
}

void interpose_observe(struct interpose_slot *slot, const struct swrcache_arg *args, void *result)
{
    struct function *function = __atomic_load_n((struct function **)&slot->site.function, __ATOMIC_ACQUIRE);
    struct observation *o = observation_open();
    struct observed_function *f = o != NULL && function != NULL ? counted_at(o, slot) : NULL;
    unsigned char bytes[KEY_ROOM];
    struct key key = {.bytes = bytes};
    /* Before the call: it may change what its pointers lead to. */
    ptrdiff_t len = f != NULL ? key_size(&function->shape, args) : -1;
    if (len >= 0 && len <= KEY_ROOM && (len = key_encode(&function->shape, args, bytes, (size_t)len)) >= 0) {
        key.len = (size_t)len;
        key.hash = key_hash(&function->shape, bytes, key.len);
    } else {
        f = NULL;
    }
    uint64_t began = f != NULL ? now_ns() : 0;
    interpose_real(slot, args, result);
    if (f == NULL)
        return;
    int error = errno;
    uint64_t ended = now_ns();
    record(f, slot, args, &key, result, began, ended - began);
    atomic_store(&o->last, ended);
    errno = error;
}
