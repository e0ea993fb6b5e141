#include "fork.h"
#include "control/server.h"
#include "runtime/verb/relatives.h"
#include "runtime/compute/flight.h"
#include "runtime/cache/cache.h"
#include "runtime/cache/lease.h"
#include "runtime/cache/settle.h"
#include "runtime/registry/door.h"
#include "runtime/registry/home.h"
#include "runtime/pool/pool.h"
#include "base/alive.h"
#include "base/family.h"
#include "base/lock.h"
#include "base/shelter.h"

/* This thread forks from a signal handler that interrupted the runtime: it may itself hold the locks. */
static __thread bool fork_unprepared __attribute__((tls_model("initial-exec")));

/* All locks are held between prepare and release: no handler of a signal leaves there. */
static __thread struct shelter fork_host __attribute__((tls_model("initial-exec")));

void (*fork_again)(void);

/* Every lock, outermost first. */
static const struct {
    struct lock *one;
    void (*many)(lock_visit *visit);
} locks[] = {
#define LOCK_ONE(name, file, guards)  {&name##_lock, NULL},
#define LOCK_MANY(name, file, guards) {NULL, name##_locks},
#include "base/locks.def"
};
enum { LOCKS = sizeof locks / sizeof *locks };

#ifdef SWRCACHE_TESTING
/* The testing build knows each by its place in the order. */
#define LOCK_ONE(name, file, guards)
#define LOCK_MANY(name, file, guards)                                                                        \
    static void rank_##name(struct lock *l)                                                                  \
    {                                                                                                        \
        LOCK_RANKED(l, name);                                                                                \
    }
#include "base/locks.def"

void fork_start(void)
{
#define LOCK_ONE(name, file, guards)
#define LOCK_MANY(name, file, guards) name##_locks(rank_##name);
#include "base/locks.def"
}
#endif

void fork_prepare(void)
{
    struct thread *t = thread_current;
    fork_unprepared = (t != NULL && door_inside(t, (uintptr_t)__builtin_frame_address(0))) || alive_dead();
    if (fork_unprepared)
        return;
    shelter_take(&fork_host);
    lock_order_all(true);
    for (size_t i = 0; i < LOCKS; i++)
        if (locks[i].one != NULL)
            lock_take(locks[i].one);
        else
            locks[i].many(lock_take);
    family_make();
}

static void release(void)
{
    for (size_t i = LOCKS; i-- > 0;)
        if (locks[i].one != NULL)
            lock_give(locks[i].one);
        else
            locks[i].many(lock_give);
    lock_order_all(false);
}

void fork_parent(void)
{
    if (fork_unprepared)
        return;
    release();
    shelter_give(&fork_host);
}

void fork_child(void)
{
    if (fork_unprepared) {
        /* Like the child of a fork without handlers: its functions are called plainly. */
        atomic_store(alive_word, ALIVE_DEAD);
        return;
    }
    /* Nobody else is here: what follows is done without locks, and what takes one finds it free. */
    release();
    if (!family_made()) {
        /* What its relatives invalidate it could not know of. */
        atomic_store(alive_word, ALIVE_DEAD);
        shelter_give(&fork_host);
        return;
    }
    /* Alive, as memory is needed; signals are still held back, so no handler calls anything of it yet. */
    atomic_store(alive_word, ALIVE_NEW);
    family_join();
    atomic_fetch_add(&lease_generation, 1);
    flight_forget_others();
    thread_fork_child();
    home_fork_child();
    mark_fork_child();
    cache_fork_child();
    relatives_fork_child();
    pool_fork_child();
    settle_fork_child();
    control_fork_child();
    fork_again();
    shelter_give(&fork_host);
}
