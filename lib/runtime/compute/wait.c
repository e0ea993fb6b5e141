#include "wait.h"
#include "flight.h"
#include "runtime/registry/door.h"
#include "base/clock.h"

LOCK(wait); /* who waits for whom: thread.waiting_for */

static bool would_deadlock(struct thread *t, struct flight *fl)
{
    for (int depth = 0; fl != NULL && depth < 1000; depth++) {
        struct thread *owner = fl->owner;
        if (owner == NULL)
            return false;
        if (owner == t)
            return true;
        fl = atomic_load(&owner->waiting_for);
    }
    return false;
}

struct waiting {
    struct flight *flight;
    uint64_t deadline;
    bool in_time;
};

static void wait_body(struct waiting *w)
{
    while (atomic_load_explicit(&w->flight->state, memory_order_acquire) == FLIGHT_RUNNING) {
        if (clock_now() >= w->deadline) {
            w->in_time = false;
            return;
        }
        os_futex_wait(&w->flight->state, FLIGHT_RUNNING, clock_sleep_until(w->deadline));
    }
    w->in_time = true;
}

/* Without the shelter: should a handler never come back, wait_left() finds here what there was. */
static void wait_outside(struct thread *t, struct waiting *w, struct entry *fallback)
{
    t->awaited = w->flight;
    t->fallback = fallback;
    door_let(t);
    wait_body(w);
    door_hold(t);
    t->awaited = NULL;
    t->fallback = NULL;
}

void wait_left(struct thread *t)
{
    lock_take(&wait_lock);
    atomic_store(&t->waiting_for, NULL);
    lock_give(&wait_lock);
    if (t->awaited != NULL)
        flight_unref(t->awaited);
    if (t->fallback != NULL)
        cache_unref(t->fallback);
    t->awaited = NULL;
    t->fallback = NULL;
    thread_drop_key(t);
    thread_drop_dictionary(t);
}

bool wait_for_flight(struct thread *t, struct flight *fl, struct entry *fallback, uint64_t deadline)
{
    struct waiting w = {fl, deadline, false};
    lock_take(&wait_lock);
    bool circle = would_deadlock(t, fl);
    if (!circle)
        atomic_store(&t->waiting_for, fl);
    lock_give(&wait_lock);
    if (circle)
        return false;
    wait_outside(t, &w, fallback);
    lock_take(&wait_lock);
    atomic_store(&t->waiting_for, NULL);
    lock_give(&wait_lock);
    return w.in_time;
}
