#include "crew.h"
#include "runtime/setting/complaint.h"
#include "base/clock.h"

/*
 * Bodies may hang, and then nobody who comes by later can be counted on: once all workers are busy and
 * something waits, another thread keeps watch. When no refresh has begun or ended for HUNG_NS it becomes a
 * worker, one of SPARE at most, and has the next keep watch; beyond those it gives the leases of what waits
 * back, so that callers know of no refresh under way.
 */
enum { SPARE = 6 };
#define HUNG_NS (1000 * NS_PER_MS)

/* pool_lock held. */
static bool all_hang(void)
{
    return crew.running >= crew.threads && crew.threads >= crew_wanted() &&
           clock_now() >= clock_add(crew.last_progress, HUNG_NS) && crew_work_waits();
}

/* pool_lock held, given back meanwhile. */
static void give_all_back(void)
{
    crew.stuck = true;
    lock_give(&pool_lock);
    option_complain("every refresh hangs, those of %d threads more than SWR_THREADS as well: until one ends "
                    "none is begun (swrctl inflight)",
                    SPARE);
    lock_take(&pool_lock);
    while (crew.stuck && crew.queue.count > 0) {
        struct job job = queue_pop(&crew.queue);
        queue_end(&crew.queue, job.entry);
        lock_give(&pool_lock);
        crew.duties->shed(&job);
        lock_take(&pool_lock);
    }
    if (crew.draining)
        crew_tell_calm();
}

static void keep_watch(void)
{
    lock_take(&pool_lock);
    for (;;) {
        uint32_t seen = atomic_load(&crew.alarm);
        if (service_wanted(&crew.service) == SERVICE_TO_STOP)
            crew_stay();
        if (all_hang() && crew.threads < crew_wanted() + SPARE) {
            crew.threads++;
            crew.watching = false;
            crew.last_progress = clock_now();
            lock_give(&pool_lock);
            option_complain("refreshes hang, as none has begun or ended for a second: threads are started "
                            "beyond SWR_THREADS, %d at most (swrctl inflight)",
                            SPARE);
            lock_take(&pool_lock);
            crew_work();
            return;
        }
        if (all_hang())
            give_all_back();
        /* Who takes the next job, and leaves nobody idle, has another keep watch. */
        if (crew.idle > 0 || service_wanted(&crew.service) == SERVICE_TO_REST ||
            (!crew_work_waits() && crew.timers.count == 0 && !crew.stuck))
            break;
        uint64_t until = CLOCK_NEVER;
        if (!clock_manual()) {
            uint64_t now = clock_now();
            until = clock_add(crew.last_progress > now - HUNG_NS ? crew.last_progress : now, HUNG_NS);
        }
        lock_give(&pool_lock);
        os_futex_wait(&crew.alarm, seen, until);
        lock_take(&pool_lock);
    }
    crew.watching = false;
    lock_give(&pool_lock);
}

const struct service_thread crew_watcher = {&crew.service, "swr-refresh", keep_watch, 0};
