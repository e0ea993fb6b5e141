#include "settle.h"
#include "cache.h"
#include "runtime/pool/pool.h"
#include "base/alloc.h"
#include "base/clock.h"

/* How long a reader is given before the next look: it doubles. */
#define PAUSE_NS      (20 * NS_PER_MS)
#define PAUSE_MOST_NS (500 * NS_PER_MS)

static _Atomic uint64_t due; /* of the next look, 0: none. While it is set, by who has it alone: */
static _Atomic bool looking;
static uint64_t pause_ns;
/* What was retired up to then is free once all that waits was closed later, and then once more (epoch.h). */
static uint64_t closed_after;
static uint32_t passed;

void settle_ask(void)
{
    if (atomic_load_explicit(&cache_owed, memory_order_relaxed) >= SETTLE_FROM && !pool_chore())
        settle_some();
}

void settle_watch(void)
{
    if (atomic_load_explicit(&due, memory_order_relaxed) == 0) {
        atomic_fetch_add(&cache_owed, SETTLE_FROM);
        pool_chore();
    }
}

uint64_t settle_due(void)
{
    uint64_t at = atomic_load(&due);
    return at != 0 ? at : CLOCK_NEVER;
}

bool settle_wanted(void)
{
    uint64_t at = atomic_load(&due);
    return (atomic_load(&cache_owed) >= SETTLE_FROM || (at != 0 && clock_now() >= at)) &&
           !atomic_load(&looking);
}

bool settle_some(void)
{
    if (atomic_exchange(&looking, true))
        return false;
    /* Also the little that was dropped while another look was under way: after one that finds none it ends.
     */
    bool anew = atomic_exchange(&cache_owed, 0) != 0;
    for (uint32_t s = 0; anew && s < TABLE_SHARDS; s++)
        cache_tidy(s);
    if (anew) {
        passed = 0;
        pause_ns = PAUSE_NS;
        closed_after = epoch_closed();
    }
    uint64_t oldest = epoch_collect();
    alloc_tidy();
    if (oldest > closed_after) {
        passed++;
        closed_after = epoch_closed();
    }
    bool done = !anew && (oldest == UINT64_MAX || passed > 1);
    atomic_store(&due, done ? 0 : clock_add(clock_now(), pause_ns));
    pause_ns = pause_ns * 2 < PAUSE_MOST_NS ? pause_ns * 2 : PAUSE_MOST_NS;
    atomic_store(&looking, false);
    return settle_wanted();
}

void settle_fork_child(void)
{
    atomic_store(&looking, false);
}
