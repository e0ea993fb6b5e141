#define _GNU_SOURCE
#include "crew.h"
#include "base/clock.h"
#include "base/shelter.h"
#include "base/sync.h"

/* Until nothing is queued or running but what `mine` says. */
static bool drain(uint64_t timeout_ns, uint32_t mine)
{
    uint64_t deadline = clock_add(os_monotonic(), timeout_ns);
    struct shelter shelter;
    shelter_take(&shelter);
    lock_take(&pool_lock);
    bool busy, in_time = true;
    while ((busy = crew.queue.count > 0 || crew.running > mine || crew.firing > 0 ||
                   (crew.duties->chore_wanted() && crew.threads > 0) ||
                   (crew.timers.count != 0 && crew.threads > 0 && timers_due(&crew.timers) <= clock_now())) &&
           in_time) {
        uint32_t seen = atomic_load(&crew.calm);
        crew.draining = true;
        lock_give(&pool_lock);
        shelter_give(&shelter);
        SYNC_POINT("drain.waits");
        /* A spurious wake shortens nothing: all is looked at again. */
        in_time = os_futex_wait(&crew.calm, seen, deadline);
        shelter_take(&shelter);
        lock_take(&pool_lock);
    }
    lock_give(&pool_lock);
    shelter_give(&shelter);
    return !busy;
}

bool pool_drain(uint64_t timeout_ns)
{
    /* In a refresh's own body: it cannot wait for itself. */
    return crew_at_work.entry != NULL ? drain(0, 1) : drain(timeout_ns, 0);
}

void pool_swept(void)
{
    lock_take(&pool_lock);
    if (crew.draining)
        crew_tell_calm();
    lock_give(&pool_lock);
}

void pool_stop(void)
{
    if (!service_stop(&crew.service))
        return;
    lock_take(&pool_lock);
    queue_empty(&crew.queue);
    lock_give(&pool_lock);
    pool_wake();
    /* Called by a body on a worker, exit() must not wait for that worker, nor may it ever be parked. */
    bool worker = crew_at_work.entry != NULL;
    crew_at_work.entry = NULL;
    lock_take(&pool_lock);
    bool wait = crew.running > worker;
    lock_give(&pool_lock);
    if (wait)
        drain(SERVICE_WAIT_NS, worker);
}

void pool_rest(void)
{
    /* One of its threads, in code of the user, cannot leave. */
    if (service_member(&crew.service) || !service_rest(&crew.service))
        return;
    pool_wake();
    service_await(&crew.service, SERVICE_WAIT_NS);
    service_resume(&crew.service);
}

void pool_forget(const struct pool_meant *m)
{
    enum { TIMERS_AT_ONCE = 128 };
    struct entry *taken[TIMERS_AT_ONCE];
    struct job job;
    size_t n;
    do {
        lock_take(&pool_lock);
        job = queue_take(&crew.queue, m->meant);
        lock_give(&pool_lock);
        if (job.entry != NULL)
            crew.duties->shed(&job);
    } while (job.entry != NULL);
    do {
        lock_take(&pool_lock);
        n = timers_take(&crew.timers, m->meant, taken, TIMERS_AT_ONCE);
        lock_give(&pool_lock);
        for (size_t i = 0; i < n; i++)
            crew.duties->drop(taken[i]);
    } while (n != 0);
    lock_take(&pool_lock);
    for (uint32_t i = 0; i < crew.queue.ntaken; i++)
        if (m->meant(crew.queue.taken[i].entry))
            m->at_work(crew.queue.taken[i].entry, m->cookie);
    if (crew.draining && crew.queue.count == 0)
        crew_tell_calm();
    lock_give(&pool_lock);
}

/* A timer, or a refresh that one had queued, goes on in the child; what a call had queued another will. */
static void set_again(struct entry *e, bool timed)
{
    if (!timed || !timers_push(&crew.timers, (struct timer){e, clock_now()}))
        crew.duties->drop(e);
}

void pool_fork_child(void)
{
    struct timer t;
    struct job job;
    service_forget(&crew.service);
    while ((t = timers_fired(&crew.timers)).entry != NULL)
        set_again(t.entry, !crew.duties->timed(t.entry));
    for (; crew.nshed > 0; crew.nshed--)
        set_again(crew.shed[crew.nshed - 1].entry, crew.duties->timed(crew.shed[crew.nshed - 1].entry));
    while ((job = queue_left(&crew.queue)).entry != NULL)
        set_again(job.entry, crew.duties->timed(job.entry));
    queue_empty(&crew.queue);
    crew.running = crew.firing = crew.idle = crew.threads = 0;
    crew.draining = crew.ticking = crew.called = crew.watching = crew.stuck = false;
    crew.refused_until = crew.refused_pause = 0;
}
