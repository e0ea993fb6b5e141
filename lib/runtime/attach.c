#define _GNU_SOURCE
#include "batch.h"
#include "cache.h"
#include "call.h"
#include "care.h"
#include "compute.h"
#include "guard.h"
#include "refresh.h"
#include "sweep.h"
#include "warm.h"
#include "base/alive.h"
#include "context.h"
#include "depend.h"
#include "dictionary.h"
#include "event.h"
#include "expect.h"
#include "format.h"
#include "given.h"
#include "audit.h"
#include "history.h"
#include "hit.h"
#include "option.h"
#include "pool.h"
#include "thread.h"
#include "wait.h"
#include "writer.h"
#include "lease.h"
#include "reach.h"
#include "base/alloc.h"
#include "base/cancel.h"
#include "base/clock.h"

#include "control/server.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/auxv.h>

/*
 * The runtime wakes when the first annotated object attaches; it starts no thread then. A child made
 * without the atfork handlers calls its functions plainly: base/alive.h.
 */
enum { ASLEEP, WAKING, AWAKE, OFF };
static _Atomic int state;
static _Atomic bool control_asked;
static _Atomic uint64_t first_call; /* of an interposed function; 0: none yet */

/*
 * Programs that change users or namespaces look names up first and then do what a second thread forbids:
 * for interposed functions the control thread waits until the program has lived a while.
 */
#define CONTROL_AFTER (250 * NS_PER_MS)

/* This thread forks from a signal handler that interrupted the runtime: it may itself hold the locks. */
static __thread bool fork_unprepared __attribute__((tls_model("initial-exec")));

static void fork_prepare(void)
{
    struct thread *t = thread_current;
    fork_unprepared = (t != NULL && t->busy) || alive_dead();
    if (fork_unprepared)
        return;
    function_fork_prepare();
    region_fork_prepare();
    setting_fork_prepare();
    expect_fork_prepare();
    event_fork_prepare();
    for (uint32_t s = 0; s < TABLE_SHARDS; s++)
        table_lock(&cache_table, s);
    for (uint32_t i = 0; i < function_count(); i++)
        if (function_at(i)->bounds != &cache_bounds)
            lock_take(&function_at(i)->bounds->lock);
    lock_take(&cache_bounds.lock);
    pool_fork_prepare();
    mark_fork_prepare();
    context_fork_prepare();
    care_fork_prepare();
    epoch_fork_prepare();
    option_fork_prepare();
    alloc_fork_prepare();
}

static void release(bool child)
{
    alloc_fork_release();
    option_fork_release();
    epoch_fork_release();
    care_fork_release();
    context_fork_release();
    mark_fork_release();
    pool_fork_release(child);
    lock_give(&cache_bounds.lock);
    for (uint32_t i = 0; i < function_count(); i++)
        if (function_at(i)->bounds != &cache_bounds)
            lock_give(&function_at(i)->bounds->lock);
    for (uint32_t s = 0; s < TABLE_SHARDS; s++)
        table_unlock(&cache_table, s);
    event_fork_release();
    expect_fork_release();
    setting_fork_release();
    region_fork_release();
    function_fork_release();
}

static void fork_parent(void)
{
    if (!fork_unprepared)
        release(false);
}

static void fork_child(void)
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
    batch_fork_child();
    audit_fork_child();
    history_fork_child();
    release(true);
    control_fork_child();
    atomic_store(&control_asked, false);
    atomic_store(&first_call, 0);
    atomic_store(alive_word, ALIVE_NEW);
}

/* Is this program among the names, separated by commas? */
static bool named_in(const char *names)
{
    const char *own = program_invocation_short_name;
    for (size_t len = strlen(own), n; *names != 0; names += n + (names[n] != 0)) {
        n = strcspn(names, ",");
        if (n == len && memcmp(names, own, n) == 0)
            return true;
    }
    return false;
}

/* A refresh on a worker. A batch that its body left open nobody is there to end; the next body shall not be in it. */
static void run_job(struct job *job)
{
    refresh_run(job->entry, job->lease, job->flight);
    if (unlikely(!alive_dead() && batch_rollback()))
        option_complain("%s: its refresh left a batch open; nothing of it was done",
                        function_of_entry(job->entry)->site->name);
}

static void lose_job(struct job *job)
{
    lease_return(job->entry, job->lease, 0);
    cache_unref(job->entry);
}

static const struct pool_duties duties = {run_job, lose_job, warm_fire, cache_unref, sweep_wanted, sweep_some};

/* Left where no frame of ours could see it, by an asynchronous cancellation for instance. */
static void thread_ends(struct thread *t)
{
    compute_thread_ends(t);
    thread_drop_key(t);
    t->busy = true;
    writer_forget_left(t, UINTPTR_MAX);
    pool_lost();
}

static void thread_gone(struct thread *t)
{
    batch_thread_ends();
    context_thread_ends(t);
}

static void start_control(const struct swrcache_site *site);

/* Shown even before anything is in them: so is a name that was written wrong. */
static void make_region(const char *name)
{
    region_of(name, true);
}

static void body_left(void)
{
    if (!writer_leave())
        compute_abandon();
}

static bool wake(void)
{
    if (getauxval(AT_SECURE) != 0)
        return false;
    os_note_filter();
    option_read();
    const char *only = option_text(OPTION_SWR_ONLY);
    if (option_number(OPTION_SWR_ENABLE) == 0 || (only != NULL && !named_in(only)))
        return false;
    entry_hash = cache_hash;
    clock_start(option_text(OPTION_SWR_CLOCK) != NULL);
    epoch_start();
    evict_bounds(&cache_bounds, option_number(OPTION_SWR_MAX_BYTES), option_number(OPTION_SWR_MAX_ENTRIES));
    alive_start();
    static const struct thread_endings endings = {thread_ends, thread_gone};
    thread_start(&endings);
    pool_start(&duties);
    guard_left = body_left;
    call_first = start_control;
    function_way = hit_of;
    given_read();
    given_regions(make_region);
    return pthread_atfork(fork_prepare, fork_parent, fork_child) == 0;
}

static void enroll(struct swrcache_site *const *first, struct swrcache_site *const *last)
{
    int saved = errno;
    bool pinned = false;
    for (; first < last && !alive_dead(); first++) {
        if (*first == NULL || function_of(*first) == NULL || pinned)
            continue;
        /* Its object stays: a queued refresh or a value's release function may need its code. */
        Dl_info info;
        if (dladdr((const void *)*first, &info) != 0 && info.dli_fname != NULL)
            dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
        pinned = true;
    }
    errno = saved;
}

static bool early(const struct swrcache_site *site)
{
    if (site->size < sizeof *site || (site->flags & SWRCACHE_SITE_INTERPOSED) == 0)
        return false;
    uint64_t none = 0, now = clock_now();
    return atomic_compare_exchange_strong(&first_call, &none, now) || now < none + CONTROL_AFTER;
}

static void start_control(const struct swrcache_site *site)
{
    if (atomic_load_explicit(&control_asked, memory_order_relaxed) || early(site) ||
        atomic_exchange(&control_asked, true))
        return;
    int saved = errno;
    uint32_t alive = ALIVE_NEW;
    struct cancel cancel;
    cancel_off(&cancel);
    control_start();
    cancel_back(&cancel);
    atomic_compare_exchange_strong(alive_word, &alive, ALIVE_READY);
    errno = saved;
}

static struct flight *running_here(void)
{
    struct thread *t = thread_current;
    return t != NULL ? t->top : NULL;
}

static void skip(void)
{
    struct flight *fl = running_here();
    if (fl != NULL)
        fl->skip = true;
}

static void fail(void)
{
    if (writer_fail())
        return;
    struct flight *fl = running_here();
    if (fl != NULL)
        fl->failed = true;
}

static void set_ttl(int64_t ttl_ms, int64_t stale_ms)
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

static void tag(const char *format, va_list args)
{
    struct flight *fl = running_here();
    char name[1024], why[256];
    if (fl == NULL || thread_current->busy || alive_dead())
        return;
    struct cancel cancel;
    cancel_off(&cancel);
    thread_current->busy = true;
    bool named = format_name(name, sizeof name, format, args, why, sizeof why);
    if (named && name[0] != 0)
        depend_tag(fl, name);
    else
        fl->unnamed = true; /* not stored: no tag could take it out */
    if (!named)
        option_complain("a tag's name: %s", why);
    thread_current->busy = false;
    cancel_back(&cancel);
}

static void last(struct swrcache_info *info)
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

static void advance(uint64_t ms)
{
    if (!clock_manual() || alive_dead())
        return;
    uint64_t ns;
    struct cancel cancel;
    cancel_off(&cancel);
    clock_advance(__builtin_mul_overflow(ms, NS_PER_MS, &ns) ? CLOCK_NEVER : ns);
    pool_wake();
    flight_wake_all();
    cancel_back(&cancel);
}

static bool drain(uint64_t timeout_ms)
{
    uint64_t ns;
    if (alive_dead())
        return true;
    struct cancel cancel;
    cancel_off(&cancel);
    bool calm = pool_drain(__builtin_mul_overflow(timeout_ms, NS_PER_MS, &ns) ? CLOCK_NEVER : ns);
    cancel_back(&cancel);
    return calm;
}

static const struct swrcache_api api = {
    .abi = SWRCACHE_ABI,
    .size = sizeof(struct swrcache_api),
    .enroll = enroll,
    .call = hit_run,
    .operate = call_operate,
    .peek = call_peek,
    .skip = skip,
    .fail = fail,
    .set_ttl = set_ttl,
    .last = last,
    .advance = advance,
    .drain = drain,
    .verb = reach_verb,
    .emit = reach_emit,
    .tag = tag,
    .begin = batch_begin,
    .commit = batch_commit,
    .rollback = batch_rollback,
    .put = dictionary_put,
    .get = dictionary_get,
    .has = dictionary_has,
    .remove = dictionary_remove,
    .region_policy = region_policy,
    .region_on = region_on,
    .context = context_current,
    .with = context_with,
    .expect = expect_target,
    .write = writer_run,
    .forced = call_forced,
};

__attribute__((visibility("default"))) const struct swrcache_api *swrcache_attach(uint32_t abi);

const struct swrcache_api *swrcache_attach(uint32_t abi)
{
    int saved = errno, asleep = ASLEEP;
    if (atomic_compare_exchange_strong(&state, &asleep, WAKING))
        atomic_store(&state, wake() ? AWAKE : OFF);
    errno = saved;
    /* Another thread that is just waking it: this object stays uncached rather than waits. */
    return abi == SWRCACHE_ABI && atomic_load(&state) == AWAKE ? &api : NULL;
}

__attribute__((destructor)) static void leave(void)
{
    /* Not alive: a fork's child that was not prepared; its locks may be held by threads that are gone. */
    if (atomic_load(&state) != AWAKE || alive_dead())
        return;
    atomic_store(alive_word, ALIVE_DEAD);
    control_stop();
    pool_stop(EXIT_NS);
}
