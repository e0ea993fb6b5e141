#include "retired.h"
#include "cache.h"
#include "settle.h"
#include "runtime/setting/complaint.h"

static _Atomic uint64_t turned_away;

uint64_t retired_turned_away(void)
{
    return atomic_load(&turned_away);
}

bool retired_clogs(void)
{
    uint64_t most = cache_bounds.max_bytes, allowed = most / 8 + RETIRED_MOST;
    if (likely(epoch_waiting() <= allowed) || most == UINT64_MAX)
        return false;
    uint64_t live = evict_bytes(&cache_bounds);
    if (live < most)
        allowed += most - live;
    if (!epoch_stuck(allowed))
        return false;
    atomic_fetch_add(&turned_away, 1);
    settle_watch();
    option_complain("memory of former results cannot be given back while a thread stands still in a call: "
                    "meanwhile new ones are not stored (SWR_MAX_BYTES)");
    return true;
}
