#include "body_word.h"
#include "writer.h"
#include "runtime/verb/format.h"
#include "runtime/compute/dependencies.h"
#include "runtime/compute/flight.h"
#include "runtime/registry/door.h"
#include "runtime/pool/pool.h"
#include "runtime/setting/complaint.h"
#include "base/alive.h"
#include "base/clock.h"
#include "base/shelter.h"

static struct flight *running_here(void)
{
    struct thread *t = thread_current;
    return t != NULL ? t->top : NULL;
}

void body_skip(void)
{
    struct flight *fl = running_here();
    if (fl != NULL)
        fl->skip = true;
}

void body_fail(void)
{
    if (writer_fail())
        return;
    struct flight *fl = running_here();
    if (fl != NULL)
        fl->failed = true;
}

void body_set_ttl(int64_t ttl_ms, int64_t stale_ms)
{
    struct flight *fl = running_here();
    const int64_t most = INT64_MAX / (int64_t)NS_PER_MS;
    bool ttl_unset = ttl_ms == SWRCACHE_UNSET, stale_unset = stale_ms == SWRCACHE_UNSET;
    if (fl == NULL || (ttl_ms < 0 && !ttl_unset) || (stale_ms < 0 && !stale_unset) ||
        (ttl_unset && stale_unset))
        return;
    fl->ttl_ms = ttl_ms > most ? SWR_FOREVER : ttl_ms;
    fl->stale_ms = stale_ms > most ? SWR_FOREVER : stale_ms;
    fl->own_ttl = true;
}

void body_tag(const char *format, va_list args)
{
    struct flight *fl = running_here();
    char name[1024], why[256];
    struct visit visit;
    if (fl == NULL || !door_enter(&visit))
        return;
    bool named = format_name(name, sizeof name, format, args, why, sizeof why);
    if (named && name[0] != 0)
        dependencies_tag(fl, name);
    else
        dependencies_tag_bad(fl);
    if (!named)
        option_complain("a tag's name: %s", why);
    door_leave(&visit);
}

void body_last(struct swrcache_info *info)
{
    struct thread *t = thread_current;
    *info = (struct swrcache_info){.outcome = SWR_BYPASS};
    if (t == NULL)
        return;
    info->outcome = t->last.outcome;
    info->refresh_errno = t->last.refresh_errno;
    if (t->last.shape == 0)
        return;
    uint64_t born = entry_ns(t->last.shape & ENTRY_TIME), now = t->last.now != 0 ? t->last.now : clock_now();
    info->age_ms = now > born ? (now - born) / NS_PER_MS : 0;
}

void body_advance(uint64_t ms)
{
    if (!clock_manual() || alive_dead())
        return;
    uint64_t ns;
    struct shelter shelter;
    shelter_take(&shelter);
    clock_advance(__builtin_mul_overflow(ms, NS_PER_MS, &ns) ? CLOCK_NEVER : ns);
    pool_wake();
    flight_wake_all();
    shelter_give(&shelter);
}

bool body_drain(uint64_t timeout_ms)
{
    uint64_t ns;
    if (alive_dead())
        return true;
    return pool_drain(__builtin_mul_overflow(timeout_ms, NS_PER_MS, &ns) ? CLOCK_NEVER : ns);
}
