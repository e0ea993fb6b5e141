#include "object.h"
#include "runtime/call/enroll.h"
#include "runtime/verb/verb.h"
#include "runtime/cache/audit.h"
#include "runtime/cache/master.h"
#include "runtime/cache/sweep.h"
#include "runtime/registry/door.h"
#include "runtime/registry/home.h"
#include "runtime/pool/pool.h"
#include "base/alive.h"
#include "base/clock.h"
#include "base/loader.h"
#include "base/sync.h"

#include <errno.h>

/* Readers that may look at an object are given so many looks, a millisecond each but for the first ones,
 * before it is given up unreleased. */
enum { LOOKS = 50, LOOKS_AT_ONCE = 4 };

static void enroll(struct swrcache_site *const *first, struct swrcache_site *const *last, struct home *home)
{
    for (; first < last && !alive_dead(); first++)
        if (*first != NULL)
            function_enroll(*first, home);
}

static const void *address_in(struct swrcache_site *const *first, struct swrcache_site *const *last)
{
    while (first < last && *first == NULL)
        first++;
    return first < last ? *first : NULL;
}

void object_pin(struct swrcache_site *const *first, struct swrcache_site *const *last)
{
    int saved = errno;
    const void *address = address_in(first, last);
    enroll(first, last, NULL);
    if (address != NULL && !alive_dead())
        loader_pin(address);
    errno = saved;
}

void object_enter(struct swrcache_site *const *first, struct swrcache_site *const *last)
{
    int saved = errno;
    const void *address = address_in(first, last);
    struct home *home = address != NULL && !alive_dead() ? home_enter(address) : NULL;
    if (home != NULL)
        enroll(first, last, home);
    else
        object_pin(first, last);
    errno = saved;
}

/* An object that goes. */
struct leaving {
    size_t count;
    /* Of jobs at work, whose workers wait for the dynamic linker, and will find nothing. */
    struct {
        struct function *function;
        void *object;
    } taken[QUEUE_TAKEN];
    size_t ntaken;
    struct function *functions[];
};

/* The next function that goes with its site, whose calls are handed on from here on: destructors make some.
 */
static struct function *leave_site(struct swrcache_site *site)
{
    struct function *f =
        site != NULL ? __atomic_load_n((struct function **)&site->function, __ATOMIC_ACQUIRE) : NULL;
    if (f == NULL || f == &function_gone || atomic_load(&f->home) == NULL)
        return NULL;
    __atomic_store_n((struct function **)&site->function, &function_gone, __ATOMIC_RELEASE);
    return f;
}

static void note_gone(struct function *f)
{
    bits_round_by(&f->bits, NULL);
    atomic_store(&f->since, atomic_load(&f->identity));
}

/* Without memory: what is remembered matches no more, and what it holds is lost. */
static void leave_in_need(struct swrcache_site *const *first, struct swrcache_site *const *last)
{
    struct home *home = NULL;
    for (; first < last; first++) {
        struct function *f = leave_site(*first);
        if (f == NULL)
            continue;
        if (home == NULL)
            home_leave(home = atomic_load(&f->home));
        function_raise(f);
        note_gone(f);
    }
    if (home != NULL)
        home_gone(home);
}

/* Of the object that goes, or of one that went. */
static bool meant(const struct entry *e)
{
    return home_left(function_of_entry(e));
}

static void at_work(struct entry *e, void *cookie)
{
    struct leaving *l = cookie;
    struct function *f = function_of_entry(e);
    void *object = home_leaving(f) && function_holds_object(f) ? master_take(f, e) : NULL;
    if (object != NULL && l->ntaken < QUEUE_TAKEN) {
        l->taken[l->ntaken].function = f;
        l->taken[l->ntaken++].object = object;
    }
}

/* No point of cancellation: a thread that unloads must come to the end of it. */
static void wait_a_moment(void)
{
    static _Atomic uint32_t never;
    os_futex_wait(&never, 0, os_monotonic() + NS_PER_MS);
}

/* While its code is still there, what only that can release; readers may hold some of it up. */
static void release_objects(struct leaving *l)
{
    struct outside outside = door_out();
    for (size_t i = 0; i < l->ntaken; i++)
        master_release(l->taken[i].function, l->taken[i].object);
    bool again = true;
    for (int look = 0; again && look < LOOKS; look++) {
        if (look >= LOOKS_AT_ONCE)
            wait_a_moment();
        epoch_collect();
        again = false;
        for (size_t i = 0; i < l->count; i++)
            again |= master_end_all(l->functions[i]);
    }
    door_in(&outside);
}

static void forget(struct leaving *l)
{
    const char *before = audit_caller("dlclose");
    verb_invalidate_several(l->functions, l->count);
    audit_caller(before);
    struct pool_meant of_it = {meant, at_work, l};
    pool_forget(&of_it);
    bool objects = false;
    for (size_t i = 0; i < l->count; i++)
        objects |= function_holds_object(l->functions[i]);
    if (objects) {
        sweep_now();
        release_objects(l);
    }
    for (size_t i = 0; i < l->count; i++)
        note_gone(l->functions[i]);
}

static void leave(struct leaving *l, struct swrcache_site *const *first, struct swrcache_site *const *last)
{
    for (; first < last; first++)
        if ((l->functions[l->count] = leave_site(*first)) != NULL)
            l->count++;
    if (l->count == 0)
        return;
    struct home *home = atomic_load(&l->functions[0]->home);
    home_leave(home);
    forget(l);
    home_gone(home);
}

void object_leave(struct swrcache_site *const *first, struct swrcache_site *const *last)
{
    struct visit visit;
    if (alive_dead() || home_exits() || !home_any())
        return;
    int saved = errno;
    bool inside = door_enter(&visit);
    size_t room = (size_t)(last - first + 1) * sizeof(struct function *);
    struct leaving *l = inside ? os_zalloc(sizeof *l + room) : NULL;
    SYNC_POINT("object.leaves");
    if (l != NULL)
        leave(l, first, last);
    else
        leave_in_need(first, last);
    os_free(l);
    if (inside)
        door_leave(&visit);
    errno = saved;
}
