#define _GNU_SOURCE
#include "pool.h"
#include "crew.h"
#include "runtime/setting/option.h"
#include "base/alive.h"
#include "base/clock.h"
#include "base/sync.h"

#include <stdlib.h>

enum { TRIES = 50, QUEUE_MOST = 65536 };

void pool_start(const struct pool_duties *given)
{
    crew.duties = given;
    crew.watcher = &crew_watcher;
}

/* pool_lock held; gives it back. What was taken is seen by who looks by itself, or by who is woken. */
static bool hand_over(bool taken, bool wake)
{
    lock_give(&pool_lock);
    if (wake) {
        SYNC_POINT("submitter.wakes");
        crew_ring(1);
    } else if (taken) {
        atomic_fetch_add(&crew.bell, 1);
    }
    return taken;
}

static const struct service_thread refresher = {&crew.service, "swr-refresh", crew_worker, 0};

static void at_exit(void)
{
    /* Not in a fork's child that the handlers did not prepare. */
    if (!alive_dead())
        pool_stop();
}

/* pool_lock held. */
static bool have_worker(void)
{
    if (crew.idle > 0)
        return true;
    if (crew.threads < crew_wanted() && crew_start(&refresher)) {
        crew.threads++;
        /* Handlers run in reverse order: those registered before find no refresh under way any more. */
        if (!crew.told_exit)
            crew.told_exit = atexit(at_exit) == 0;
    }
    return crew.threads > 0 && !crew.stuck;
}

bool pool_wanted(void)
{
    return option_number(OPTION_SWR_THREADS) != 0;
}

/* It is held for some instructions, unless whoever holds it was put to sleep: then not we as well. */
static bool try_shortly(void)
{
    /* With time by hand a test counts refreshes: none is left to a later caller. */
    if (unlikely(clock_manual())) {
        lock_take(&pool_lock);
        return true;
    }
    for (int i = 0; i < TRIES; i++) {
        if (lock_try(&pool_lock))
            return true;
        os_pause();
    }
    return false;
}

/* pool_lock held. Where it is full a function that has more in it than its share makes room. */
static bool has_room(const struct job *job)
{
    if (crew.queue.size == 0) {
        uint64_t size = option_number(OPTION_SWR_QUEUE);
        queue_open(&crew.queue, size == 0 || size > QUEUE_MOST ? QUEUE_MOST : (uint32_t)size);
    }
    if (!crew_full())
        return true;
    struct job other = crew.nshed < CREW_SHED_MOST ? queue_yield(&crew.queue, job->line) : (struct job){0};
    if (other.entry != NULL)
        crew.shed[crew.nshed++] = other;
    return other.entry != NULL;
}

/* pool_lock held; gives it back. */
static bool submit(struct job job, uint64_t hits, uint64_t cost_us)
{
    bool taken = service_wanted(&crew.service) != SERVICE_TO_STOP && have_worker() && has_room(&job) &&
                 queue_push(&crew.queue, job, hits, cost_us);
    if (taken)
        crew_watch();
    /* A wake costs more than a hit: who looks every moment is not woken where nobody waits. */
    bool wake = taken && crew.idle > 0 && (!crew.ticking || job.flight != NULL);
    return hand_over(taken, wake);
}

bool pool_submit(const struct job *job, uint64_t hits, uint64_t cost_us)
{
    return try_shortly() && submit(*job, hits, cost_us);
}

bool pool_order(const struct job *job, uint64_t hits, uint64_t cost_us)
{
    lock_take(&pool_lock);
    return submit(*job, hits, cost_us);
}

bool pool_chore(void)
{
    if (!lock_try(&pool_lock))
        return false;
    bool taken = service_wanted(&crew.service) != SERVICE_TO_STOP && have_worker(),
         wake = taken && crew.idle > 0;
    crew_watch();
    return hand_over(taken, wake);
}

bool pool_schedule(struct entry *e, uint64_t due)
{
    lock_take(&pool_lock);
    bool earliest = due < timers_due(&crew.timers), set = timers_push(&crew.timers, (struct timer){e, due});
    (void)have_worker();
    crew_watch();
    lock_give(&pool_lock);
    if (set && earliest) /* than what a worker sleeps for */
        crew_ring(1);
    return set;
}

struct pool_state pool_state(void)
{
    lock_take(&pool_lock);
    struct pool_state state = {.threads = crew.threads,
                               .running = crew.running,
                               .queued = crew.queue.count,
                               .spare = crew.threads > crew_wanted() ? crew.threads - crew_wanted() : 0};
    lock_give(&pool_lock);
    return state;
}

void pool_resume(void)
{
    lock_take(&pool_lock);
    bool due = crew.queue.count != 0 || crew.timers.count != 0 || crew.duties->chore_wanted();
    lock_give(&pool_lock);
    if (due)
        pool_chore();
}
