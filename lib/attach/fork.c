#include "fork.h"
#include "control/server.h"
#include "runtime/verb/target_check.h"
#include "runtime/compute/flight.h"
#include "runtime/compute/wait.h"
#include "runtime/cache/audit.h"
#include "runtime/cache/commit_gate.h"
#include "runtime/cache/history.h"
#include "runtime/cache/lease.h"
#include "runtime/cache/refresh_record.h"
#include "runtime/registry/listener.h"
#include "runtime/registry/region.h"
#include "runtime/registry/resolve.h"
#include "runtime/registry/thread.h"
#include "runtime/pool/pool.h"
#include "runtime/setting/complaint.h"
#include "base/alive.h"
#include "base/alloc.h"
#include "base/epoch.h"

/* This thread forks from a signal handler that interrupted the runtime: it may itself hold the locks. */
static __thread bool fork_unprepared __attribute__((tls_model("initial-exec")));

void (*fork_again)(void);

void fork_prepare(void)
{
    struct thread *t = thread_current;
    fork_unprepared = (t != NULL && t->busy) || alive_dead();
    if (fork_unprepared)
        return;
    function_fork_prepare();
    region_fork_prepare();
    setting_fork_prepare();
    target_check_fork_prepare();
    listener_fork_prepare();
    for (uint32_t s = 0; s < TABLE_SHARDS; s++)
        table_lock(&cache_table, s);
    for (uint32_t i = 0; i < function_count(); i++)
        if (function_at(i)->bounds != &cache_bounds)
            lock_take(&function_at(i)->bounds->lock);
    lock_take(&cache_bounds.lock);
    pool_fork_prepare();
    mark_fork_prepare();
    flight_fork_prepare();
    refresh_record_fork_prepare();
    epoch_fork_prepare();
    option_fork_prepare();
    alloc_fork_prepare();
}

static void release(bool child)
{
    alloc_fork_release();
    option_fork_release();
    epoch_fork_release();
    refresh_record_fork_release();
    flight_fork_release();
    mark_fork_release();
    pool_fork_release(child);
    lock_give(&cache_bounds.lock);
    for (uint32_t i = 0; i < function_count(); i++)
        if (function_at(i)->bounds != &cache_bounds)
            lock_give(&function_at(i)->bounds->lock);
    for (uint32_t s = 0; s < TABLE_SHARDS; s++)
        table_unlock(&cache_table, s);
    listener_fork_release();
    target_check_fork_release();
    setting_fork_release();
    region_fork_release();
    function_fork_release();
}

void fork_parent(void)
{
    if (!fork_unprepared)
        release(false);
}

void fork_child(void)
{
    if (fork_unprepared) {
        /* Like the child of a fork without handlers: its functions are called plainly. */
        atomic_store(alive_word, ALIVE_DEAD);
        return;
    }
    atomic_fetch_add(&lease_generation, 1);
    flight_forget_others();
    thread_fork_child();
    wait_fork_release();
    commit_gate_fork_child();
    audit_fork_child();
    history_fork_child();
    release(true);
    control_fork_child();
    fork_again();
    atomic_store(alive_word, ALIVE_NEW);
}
