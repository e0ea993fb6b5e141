#include "interpose.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/epoch.h"
#include "runtime/registry/thread.h"
#include "runtime/setting/complaint.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/*
 * Texts that callers get and do not own. The cache keeps a copy of its own; what a thread gets is that
 * thread's alone, and is given to it again only while it still says the same: what a program writes into one
 * reaches no other caller. How long a caller looks at a text nobody knows: one goes only when all together
 * take more than KEPT_BYTES and it has not been given out for KEPT_NS.
 *
 * Only who calls takes out, no timer: a process in which nobody calls makes no more of them, and what it has
 * is bounded by MOST_BYTES. The threads that sleep there are just those that may have one in hand since
 * longer than KEPT_NS, and to take it from them would win little.
 *
 * Lists that are read in an epoch and grow at their head without a lock; one thread at a time takes out.
 */
struct text {
    struct epoch_garbage garbage; /* once it is taken out */
    _Atomic(struct text *) next;
    int of; /* the thread */
    uint64_t hash;
    size_t size;            /* of all this */
    _Atomic uint64_t given; /* when last, about; TAKEN: it goes */
    char characters[];
};

enum { LISTS = 4096, MOST_BYTES = 16 << 20, SPARE_BYTES = 1 << 20, KEPT_BYTES = 1 << 20 };
#define KEPT_NS   (60 * NS_PER_S)
#define NOTED_NS  (10 * NS_PER_S) /* `given` is as exact as that */
#define LOOKED_NS (10 * NS_PER_S) /* between two looks for what may go */
#define TAKEN     UINT64_MAX

static _Atomic(struct text *) lists[LISTS];
static _Atomic size_t bytes;
static _Atomic uint64_t next_look;
static _Atomic int looking; /* process that a thread of it is amid that; a child finds its parent's */
static _Atomic bool told;   /* that the bound is met; until there is room again */

static void destroy(struct epoch_garbage *g)
{
    os_free(g);
}

/* False: it was given out lately, or is being given out. */
static bool take(struct text *k, uint64_t now)
{
    uint64_t given = atomic_load(&k->given);
    return given != TAKEN && now > given && now - given > KEPT_NS &&
           atomic_compare_exchange_strong(&k->given, &given, TAKEN);
}

static void take_out(_Atomic(struct text *) *list, struct text *k)
{
    struct text *next = atomic_load(&k->next), *first = k;
    if (!atomic_compare_exchange_strong(list, &first, next)) {
        while (atomic_load(&first->next) != k)
            first = atomic_load(&first->next);
        atomic_store(&first->next, next);
    }
    atomic_fetch_sub(&bytes, k->size);
    epoch_retire(&k->garbage, k->size, destroy);
}

static void look_for_old(uint64_t now)
{
    int nobody = atomic_load(&looking), own = getpid();
    if (nobody == own || !atomic_compare_exchange_strong(&looking, &nobody, own))
        return;
    atomic_store(&next_look, now + LOOKED_NS);
    for (size_t i = 0; i < LISTS; i++)
        for (struct text *k = atomic_load(&lists[i]), *next; k != NULL; k = next) {
            next = atomic_load(&k->next);
            if (atomic_load_explicit(&bytes, memory_order_relaxed) > KEPT_BYTES && take(k, now))
                take_out(&lists[i], k);
        }
    if (atomic_load(&bytes) < MOST_BYTES / 2)
        atomic_store(&told, false);
    atomic_store(&looking, 0);
}

static bool give(struct text *k, uint64_t now)
{
    uint64_t given = atomic_load_explicit(&k->given, memory_order_relaxed);
    while (given != TAKEN && given + NOTED_NS < now)
        if (atomic_compare_exchange_weak(&k->given, &given, now))
            break;
    return given != TAKEN;
}

static struct text *find(struct text *k, int tid, uint64_t hash, const char *text, size_t len)
{
    for (; k != NULL; k = atomic_load_explicit(&k->next, memory_order_acquire))
        if (k->hash == hash && k->of == tid && k->size == sizeof *k + len + 1 &&
            memcmp(k->characters, text, len) == 0 && k->characters[len] == 0)
            break;
    return k;
}

static void tell(void)
{
    if (!atomic_exchange(&told, true))
        option_complain(
            "texts that functions gave out as cstr take %d MB: more are not cached until some have "
            "not been asked for in a minute",
            MOST_BYTES >> 20);
}

const char *interpose_lend(const char *text, size_t len, bool kept)
{
    struct thread *t = thread_current;
    size_t size = sizeof(struct text) + len + 1, most = kept ? MOST_BYTES : MOST_BYTES - SPARE_BYTES;
    if (t == NULL || size < len)
        return NULL;
    uint64_t now = clock_coarse(), hash = XXH3_64bits_withSeed(text, len, (uint64_t)t->tid);
    _Atomic(struct text *) *list = &lists[hash % LISTS];
    if (unlikely(atomic_load_explicit(&bytes, memory_order_relaxed) > KEPT_BYTES) &&
        now >= atomic_load_explicit(&next_look, memory_order_relaxed))
        look_for_old(now);
    epoch_enter(&t->epoch);
    struct text *first = atomic_load_explicit(list, memory_order_acquire);
    struct text *k = find(first, t->tid, hash, text, len);
    bool found = k != NULL && give(k, now);
    epoch_exit(&t->epoch);
    if (found)
        return k->characters;
    k = NULL;
    if (atomic_fetch_add(&bytes, size) + size <= most)
        k = os_alloc(size);
    else
        tell();
    if (k == NULL) {
        atomic_fetch_sub(&bytes, size);
        return NULL;
    }
    k->of = t->tid;
    k->hash = hash;
    k->size = size;
    atomic_init(&k->given, now);
    memcpy(k->characters, text, len);
    k->characters[len] = 0;
    first = atomic_load(list);
    do
        atomic_store_explicit(&k->next, first, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(list, &first, k));
    return k->characters;
}
