#include "crew.h"
#include "runtime/setting/option.h"
#include "base/clock.h"

/* Once a thread could not be had, the next is asked for after a pause that doubles up to the longest. */
#define REFUSED_NS      (10 * NS_PER_MS)
#define REFUSED_MOST_NS (5000 * NS_PER_MS)

LOCK(pool);
struct crew crew;
__thread struct job crew_at_work __attribute__((tls_model("initial-exec")));

uint32_t crew_wanted(void)
{
    return (uint32_t)option_number(OPTION_SWR_THREADS);
}

bool crew_full(void)
{
    return crew.queue.size != 0 && crew.queue.count == crew.queue.size;
}

/* pool_lock held: a thread more, or, once one was refused, a pause until the next is asked for. */
bool crew_start(const struct service_thread *kind)
{
    uint64_t now = clock_now();
    if (now < crew.refused_until)
        return false;
    if (service_start(kind) != 0) {
        crew.refused_pause = crew.refused_pause == 0 ? REFUSED_NS : crew.refused_pause * 2;
        if (crew.refused_pause > REFUSED_MOST_NS)
            crew.refused_pause = REFUSED_MOST_NS;
        crew.refused_until = clock_add(now, crew.refused_pause);
        return false;
    }
    crew.refused_until = crew.refused_pause = 0;
    return true;
}

void crew_ring(int how_many)
{
    atomic_fetch_add(&crew.bell, 1);
    os_futex_wake(&crew.bell, how_many);
}

/* pool_lock held. Who waits on says so again: he may have been called away. */
void crew_tell_calm(void)
{
    crew.draining = false;
    atomic_fetch_add(&crew.calm, 1);
    os_futex_wake(&crew.calm, INT32_MAX);
}

/* pool_lock held. */
void crew_stay(void)
{
    lock_give(&pool_lock);
    service_park();
}

/* pool_lock held: something waits that no worker has time for. */
bool crew_work_waits(void)
{
    return crew.queue.count > 0 || (crew.timers.count != 0 && timers_due(&crew.timers) <= clock_now()) ||
           crew.duties->chore_wanted();
}

/* pool_lock held, after something was taken: should all workers hang, who comes by later is nobody. */
void crew_watch(void)
{
    bool busy = crew.idle == 0 && crew.threads != 0 && crew.threads >= crew_wanted();
    if (busy && !crew.watching && service_wanted(&crew.service) != SERVICE_TO_STOP &&
        (crew_work_waits() || crew.timers.count != 0))
        crew.watching = crew_start(crew.watcher);
}

void pool_wake(void)
{
    atomic_fetch_add(&crew.bell, 1);
    os_futex_wake(&crew.bell, INT32_MAX);
    atomic_fetch_add(&crew.alarm, 1);
    os_futex_wake(&crew.alarm, INT32_MAX);
}
