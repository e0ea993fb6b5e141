#include "warm.h"
#include "ask.h"
#include "runtime/cache/cache.h"
#include "runtime/cache/lease.h"
#include "runtime/cache/refresh_record.h"
#include "base/clock.h"

/* Once the pool had no room after all: a call took it. */
#define AGAIN_NS (10 * NS_PER_MS)

/* An entry's timer: a value has one from the start, a failure has none. */
enum { TIMER_AS_STORED, TIMER_FIRED, TIMER_SET };

bool warm_failure(struct entry *e)
{
    struct refresh_record *record = entry_flags(e) & ENTRY_FAILED ? refresh_record_of(e) : NULL;
    return record != NULL && atomic_load(&record->timer) != TIMER_AS_STORED;
}

/* Shard locked. True: queued, and the timer is used up. */
static bool refreshed(struct function *f, struct entry *e, uint64_t now)
{
    uint64_t lease;
    struct refresh_record *record = refresh_record_make(e);
    /* Without memory nothing is counted. */
    if (record != NULL && !entry_was_called(e) &&
        atomic_load(&record->idle_refreshes) >= atomic_load(&f->settings.keep_warm_idle)) {
        atomic_store(&record->timer, TIMER_FIRED);
        return true;
    }
    if (!lease_claim(e, now, &lease))
        return false;
    if (!ask_refresh(e, lease, NULL)) {
        lease_return(e, lease, now, 0);
        return false;
    }
    /* The refresh ends under this lock: it carries over what is written here. */
    if (record != NULL) {
        atomic_store(&record->idle_refreshes, entry_called(e) ? 0 : atomic_load(&record->idle_refreshes) + 1);
        atomic_store(&record->timer, TIMER_FIRED);
    }
    return true;
}

uint64_t warm_fire(struct entry *e, uint64_t now)
{
    struct function *f = function_of_entry(e);
    uint64_t rhythm = atomic_load(&f->settings.keep_warm), again = CLOCK_NEVER;
    uint32_t shard = table_shard_of(entry_hash(e));
    table_lock(&cache_table, shard);
    if (rhythm != 0 && table_holds(&cache_table, e) && entry_is_of(e, atomic_load(&f->identity)) &&
        !refreshed(f, e, now)) {
        uint64_t when = lease_word(e);
        switch (lease_state(when, now)) {
        case LEASE_HELD:
            again = clock_add(now, rhythm);
            break;
        case LEASE_RESTING:
            again = entry_ns(when & ENTRY_TIME);
            break;
        default:
            again = clock_add(now, AGAIN_NS);
            break;
        }
    }
    table_unlock(&cache_table, shard);
    return again;
}

static void set(struct entry *e, uint64_t due)
{
    if (due != CLOCK_NEVER)
        ask_timer(e, due);
}

bool warm_due(struct entry *e)
{
    struct refresh_record *record = refresh_record_of(e);
    return record != NULL && atomic_load(&record->timer) == TIMER_FIRED &&
           atomic_load(&function_of_entry(e)->settings.keep_warm) != 0;
}

void warm_begin(struct function *f, struct entry *e)
{
    uint64_t rhythm = atomic_load(&f->settings.keep_warm);
    if (rhythm != 0)
        set(e, clock_add(entry_born(e), rhythm));
}

void warm_again(struct function *f, struct entry *e, uint64_t due)
{
    uint8_t fired = TIMER_FIRED;
    if (atomic_load(&f->settings.keep_warm) == 0 || !table_holds(&cache_table, e))
        return;
    struct refresh_record *record = refresh_record_of(e);
    if (record != NULL && atomic_compare_exchange_strong(&record->timer, &fired, TIMER_SET))
        set(e, due);
}

void warm_carry(struct function *f, struct entry *old, struct entry *e)
{
    struct refresh_record *from = refresh_record_of(old);
    bool failed = (entry_flags(e) & ENTRY_FAILED) != 0 && atomic_load(&f->settings.keep_warm) != 0 &&
                  (!(entry_flags(old) & ENTRY_FAILED) || warm_failure(old));
    struct refresh_record *to = from != NULL || failed ? refresh_record_make(e) : NULL;
    if (to == NULL)
        return;
    if (from != NULL)
        atomic_store(&to->idle_refreshes, atomic_load(&from->idle_refreshes));
    if (failed) {
        atomic_store(&to->failures, from != NULL ? atomic_load(&from->failures) : 0);
        atomic_store(&to->timer, TIMER_FIRED);
    }
}
