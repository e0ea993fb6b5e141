#define _GNU_SOURCE
#include "crew.h"
#include "base/alive.h"
#include "base/alloc.h"
#include "base/ambient.h"
#include "base/clock.h"
#include "base/epoch.h"
#include "base/sync.h"

#define IDLE_NS (1000 * NS_PER_MS)
/* So often one idle worker looks at the queue for IDLE_NS after the last refresh. */
#define TICK_NS (2 * NS_PER_MS)

static uint64_t next_wake(uint64_t now)
{
    /* Time by hand: whoever advances it rings. */
    if (clock_manual())
        return CLOCK_NEVER;
    uint64_t due = crew.timers.count != 0 ? timers_due(&crew.timers) : clock_add(now, IDLE_NS),
             chore = crew.duties->chore_due();
    return chore < due ? chore : due;
}

/* pool_lock held. */
static void finished(const struct entry *e)
{
    queue_end(&crew.queue, e);
    crew.running--;
    crew.stuck = false;
    crew.last_progress = clock_now();
    /* One more may run than is waited for: a body of its own that exits. */
    if (crew.queue.count == 0 && crew.running <= 1)
        crew_tell_calm();
}

void pool_park(void)
{
    if (likely(service_wanted(&crew.service) != SERVICE_TO_STOP) || crew_at_work.entry == NULL)
        return;
    lock_take(&pool_lock);
    finished(crew_at_work.entry);
    crew_at_work.entry = NULL;
    crew_stay();
}

void pool_lost(void)
{
    struct job job = crew_at_work;
    if (job.entry == NULL)
        return;
    crew_at_work.entry = NULL;
    if (alive_dead())
        return;
    lock_take(&pool_lock);
    crew.threads--;
    finished(job.entry);
    lock_give(&pool_lock);
    crew.duties->lost(&job);
}

/* pool_lock held, given back meanwhile. */
static void give_back_shed(void)
{
    while (crew.nshed > 0) {
        struct job job = crew.shed[--crew.nshed];
        lock_give(&pool_lock);
        crew.duties->shed(&job);
        lock_take(&pool_lock);
    }
}

/*
 * pool_lock held, given back meanwhile. Queues the timed refreshes that are due, as far as there is room: the
 * others stay due, and whoever makes room by taking a job looks again after it.
 */
static void run_timers(void)
{
    uint64_t now = clock_now();
    while (crew.timers.count != 0 && timers_due(&crew.timers) <= now && !crew_full() &&
           service_wanted(&crew.service) != SERVICE_TO_STOP) {
        struct timer t = timers_pop(&crew.timers);
        crew.firing++;
        lock_give(&pool_lock);
        SYNC_POINT("timer.fires");
        t.due = crew.duties->fire(t.entry, now);
        lock_take(&pool_lock);
        timers_end(&crew.timers, t.entry);
        if (t.due == CLOCK_NEVER || !timers_push(&crew.timers, t)) {
            lock_give(&pool_lock);
            crew.duties->drop(t.entry);
            lock_take(&pool_lock);
        }
        crew.firing--;
    }
}

/* pool_lock held, given back at the end: the thread counts among `threads` already. */
void crew_work(void)
{
    struct ambient mine;
    ambient_save(&mine);
    for (;;) {
        /* Before anything is looked at: what is rung for from here on is not slept through. */
        uint32_t rung = atomic_load(&crew.bell);
        run_timers();
        if (service_wanted(&crew.service) == SERVICE_TO_STOP)
            crew_stay();
        give_back_shed();
        if (crew.queue.count > 0) {
            struct job job = queue_pop(&crew.queue);
            crew.running++;
            crew.last_progress = clock_now();
            bool help = crew.idle > 0 && (crew.queue.count > 0 || (!crew.ticking && !clock_manual()));
            /* With nobody left who looks by himself the next submitter would have to wake one. */
            crew.called |= help && !crew.ticking;
            crew.ticking |= crew.called;
            crew_watch();
            lock_give(&pool_lock);
            if (help)
                crew_ring(1);
            crew_at_work = job;
            crew.duties->run(&job);
            /* The body forked, and this is the child: it has no pool, and nobody waits for this thread. */
            if (!service_member(&crew.service))
                os_thread_vanish();
            pool_park();
            crew_at_work.entry = NULL;
            ambient_restore(&mine);
            /* Known no more before the reference goes: a fork may come between. */
            lock_take(&pool_lock);
            queue_end(&crew.queue, job.entry);
            lock_give(&pool_lock);
            crew.duties->drop(job.entry);
            crew.duties->done();
            epoch_tidy();
            lock_take(&pool_lock);
            finished(NULL);
            continue;
        }
        if (crew.duties->chore_wanted()) {
            crew.running++;
            lock_give(&pool_lock);
            crew.duties->chore();
            lock_take(&pool_lock);
            finished(NULL);
            continue;
        }
        if (alloc_wants()) {
            lock_give(&pool_lock);
            alloc_collapse();
            lock_take(&pool_lock);
            continue;
        }
        /* A timer may have come to nothing: no job ended with that. */
        if (crew.draining)
            crew_tell_calm();
        if (service_wanted(&crew.service) == SERVICE_TO_REST)
            break;
        uint64_t now = clock_now(), until = next_wake(now);
        bool timed = crew.timers.count != 0 || crew.duties->chore_due() != CLOCK_NEVER;
        bool tick = !crew.ticking && !clock_manual() && now < clock_add(crew.last_progress, IDLE_NS);
        if (tick && until > clock_add(now, TICK_NS))
            until = clock_add(now, TICK_NS);
        crew.ticking |= tick;
        crew.idle++;
        lock_give(&pool_lock);
        SYNC_POINT("worker.idle");
        bool woken = os_futex_wait(&crew.bell, rung, until);
        SYNC_POINT("worker.woken");
        lock_take(&pool_lock);
        crew.idle--;
        crew.ticking &= !tick && !crew.called;
        crew.called = false;
        if (!woken && !timed && !tick && crew.queue.count == 0)
            break;
    }
    crew.threads--;
    /* Who waits for what only a worker does waits no more. */
    if (crew.draining)
        crew_tell_calm();
    lock_give(&pool_lock);
}

void crew_worker(void)
{
    lock_take(&pool_lock);
    crew_work();
}
