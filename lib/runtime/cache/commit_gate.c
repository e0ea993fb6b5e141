#include "commit_gate.h"
#include "base/os.h"

static struct lock commit_lock;
_Atomic uint32_t batch_committing;
static __thread bool committer __attribute__((tls_model("initial-exec")));

bool batch_wait(void)
{
    if (committer)
        return false;
    while (atomic_load(&batch_committing) != 0)
        os_futex_wait(&batch_committing, 1, UINT64_MAX);
    return true;
}

void batch_fork_child(void)
{
    lock_reset(&commit_lock);
    atomic_store(&batch_committing, 0);
}

bool commit_mine(void)
{
    return committer;
}

void commit_begin(void)
{
    lock_take(&commit_lock);
    committer = true;
    atomic_store(&batch_committing, 1);
}

void commit_end(void)
{
    atomic_store(&batch_committing, 0);
    os_futex_wake(&batch_committing, INT32_MAX);
    committer = false;
    lock_give(&commit_lock);
}
