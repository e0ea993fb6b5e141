#include "commit_gate.h"
#include "cache.h"
#include "base/os.h"

LOCK(commit);
_Atomic uint32_t commit_gate_closed;
static __thread bool committer __attribute__((tls_model("initial-exec")));

bool commit_gate_wait(void)
{
    if (committer)
        return false;
    while (atomic_load(&commit_gate_closed) != 0)
        os_futex_wait(&commit_gate_closed, 1, UINT64_MAX);
    return true;
}

bool commit_gate_mine(void)
{
    return committer;
}

void commit_gate_close(void)
{
    lock_take(&commit_lock);
    cache_keep_objects();
    committer = true;
    atomic_store(&commit_gate_closed, 1);
}

void commit_gate_open(void)
{
    atomic_store(&commit_gate_closed, 0);
    os_futex_wake(&commit_gate_closed, INT32_MAX);
    committer = false;
    cache_free_objects();
    lock_give(&commit_lock);
}
