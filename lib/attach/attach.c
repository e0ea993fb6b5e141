#define _GNU_SOURCE
#include "fork.h"
#include "object.h"
#include "control/server.h"
#include "runtime/api/batch.h"
#include "runtime/api/body_word.h"
#include "runtime/api/context.h"
#include "runtime/api/dictionary.h"
#include "runtime/api/operate.h"
#include "runtime/api/region_api.h"
#include "runtime/api/target_api.h"
#include "runtime/api/writer.h"
#include "runtime/call/call.h"
#include "runtime/call/enroll.h"
#include "runtime/call/hit.h"
#include "runtime/verb/apply.h"
#include "runtime/verb/format.h"
#include "runtime/verb/relatives.h"
#include "runtime/verb/target_check.h"
#include "runtime/compute/dependencies.h"
#include "runtime/compute/frame.h"
#include "runtime/compute/guard.h"
#include "runtime/compute/refresh.h"
#include "runtime/compute/result.h"
#include "runtime/compute/wait.h"
#include "runtime/compute/warm.h"
#include "runtime/cache/audit.h"
#include "runtime/cache/cache.h"
#include "runtime/cache/history.h"
#include "runtime/cache/lease.h"
#include "runtime/cache/loan.h"
#include "runtime/cache/master.h"
#include "runtime/cache/refresh_record.h"
#include "runtime/cache/settle.h"
#include "runtime/cache/sweep.h"
#include "runtime/registry/door.h"
#include "runtime/registry/home.h"
#include "runtime/registry/listener.h"
#include "runtime/registry/observed.h"
#include "runtime/registry/thread.h"
#include "runtime/pool/pool.h"
#include "runtime/setting/configured.h"
#include "runtime/setting/option.h"
#include "base/alive.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/family.h"
#include "base/origin.h"
#include "base/service.h"
#include "base/shelter.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The runtime wakes when the first annotated object attaches; it starts no thread then. A child made
 * without the atfork handlers calls its functions plainly: base/alive.h.
 */
enum { ASLEEP, WAKING, AWAKE, OFF };
static _Atomic int state;
static _Atomic bool control_asked;
static _Atomic bool to_resume;      /* in a fork's child, what the pool has left to do */
static _Atomic uint64_t first_call; /* of an interposed function; 0: none yet */

/*
 * Programs that change users or namespaces look names up first and then do what a second thread forbids:
 * for interposed functions the control thread waits until the program has lived a while.
 */
#define CONTROL_AFTER (250 * NS_PER_MS)

/* Is this program among the names, separated by commas? */
static bool named_in(const char *names)
{
    const char *own = origin_program();
    for (size_t len = strlen(own), n; *names != 0; names += n + (names[n] != 0)) {
        n = strcspn(names, ",");
        if (n == len && memcmp(names, own, n) == 0)
            return true;
    }
    return false;
}

static void refresh(const struct swrcache_arg *unused, void *cookie)
{
    struct job *job = cookie;
    (void)unused;
    refresh_run(job->entry, job->lease, job->flight);
}

/* A refresh on a worker. A batch that its body left open nobody is there to end; the next body shall not be
 * in it. */
static void run_job(struct job *job)
{
    const char *name = function_of_entry(job->entry)->site->name;
    /* Not of a body, but of what is asked about its result: nobody further in catches. */
    if (!guard_call_catching(refresh, NULL, job)) {
        door_left(thread_current);
        option_complain("%s: an exception came out of what its refresh asked of the program", name);
    }
    if (unlikely(!alive_dead() && batch_rollback()))
        option_complain("%s: its refresh left a batch open; nothing of it was done", name);
}

static void lose_job(struct job *job)
{
    lease_return(job->entry, job->lease, clock_now(), 0);
    cache_unref(job->entry);
}

static void shed_job(struct job *job)
{
    refresh_shed(job->entry, job->lease, job->flight);
    cache_unref(job->entry);
}

static bool chore_wanted(void)
{
    return sweep_wanted() || settle_wanted() || master_wanted();
}

static bool chore(void)
{
    return sweep_wanted() ? sweep_some() : master_wanted() ? master_some() : settle_some();
}

static const struct pool_duties duties = {run_job,      lose_job,   shed_job, warm_fire, cache_unref,
                                          chore_wanted, settle_due, chore,    warm_due,  home_let};

/* Left where no frame of ours could see it, by an asynchronous cancellation for instance. */
static void thread_ends(struct thread *t)
{
    door_hold(t);
    wait_left(t);
    frame_forget_all(t);
    if (!alive_dead())
        loan_forget_all(t);
    door_let(t);
    pool_lost();
}

static void thread_gone(struct thread *t)
{
    batch_thread_ends();
    context_thread_ends(t);
    if (!alive_dead())
        home_let();
}

static void settle(const struct swrcache_site *site);

/* Shown even before anything is in them: so is a name that was written wrong. */
static void make_region(const char *name)
{
    region_of(name, true);
}

static void begin_again(void)
{
    atomic_store(&control_asked, false);
    atomic_store(&first_call, 0);
    atomic_store(&to_resume, true);
}

static bool wake(void)
{
    if (getauxval(AT_SECURE) != 0 || !os_own_libc())
        return false;
    os_note_filter();
    origin_note();
    option_read();
    const char *only = option_text(OPTION_SWR_ONLY);
    if (origin_lost() || option_number(OPTION_SWR_ENABLE) == 0 || (only != NULL && !named_in(only)))
        return false;
    entry_hash = cache_hash;
    clock_start(option_text(OPTION_SWR_CLOCK) != NULL);
    epoch_start();
    evict_bounds(&cache_bounds, option_number(OPTION_SWR_MAX_BYTES), option_number(OPTION_SWR_MAX_ENTRIES));
    alive_start();
    service_ready();
    static const struct thread_endings endings = {thread_ends, thread_gone};
    thread_start(&endings);
    pool_start(&duties);
    door_give_back = wait_left;
    master_release = result_release;
    call_first = settle;
    door_behind = relatives_obey;
    fork_again = begin_again;
    function_way = hit_of;
    configured_read();
    configured_regions(make_region);
    fork_start();
    observed_early();
    return os_at_fork(fork_prepare, fork_parent, fork_child) == 0;
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
    uint64_t alive = ALIVE_NEW;
    struct shelter shelter;
    shelter_take(&shelter);
    control_start();
    shelter_give(&shelter);
    atomic_compare_exchange_strong(alive_word, &alive, relatives_obeyed());
    errno = saved;
}

/* A call finds that something is left to be done before it. */
static void settle(const struct swrcache_site *site)
{
    struct thread *t = thread_current != NULL ? thread_current : thread_join();
    if (t == NULL || t->busy || alive_dead())
        return;
    relatives_obey(t);
    if (atomic_load(alive_word) == ALIVE_NEW) {
        home_settle();
        if (atomic_exchange(&to_resume, false))
            pool_resume();
        start_control(site);
    }
}

/* The process is about to do what only one of a single thread may; or has done it. */
static void rest(bool begin)
{
    if (alive_dead() || (thread_current != NULL && thread_current->busy))
        return;
    struct shelter shelter;
    shelter_take(&shelter);
    if (begin) {
        control_rest();
        pool_rest();
        begin_again();
        uint64_t word = atomic_load(alive_word);
        while (word >= ALIVE_READY && !atomic_compare_exchange_weak(alive_word, &word, ALIVE_NEW))
            continue;
    } else {
        pool_resume();
    }
    shelter_give(&shelter);
}

static const struct swrcache_api api = {
    .abi = SWRCACHE_ABI,
    .size = sizeof(struct swrcache_api),
    .enroll = object_pin,
    .call = hit_run,
    .operate = operate_run,
    .peek = operate_peek,
    .skip = body_skip,
    .fail = body_fail,
    .set_ttl = body_set_ttl,
    .last = body_last,
    .advance = body_advance,
    .drain = body_drain,
    .verb = target_verb,
    .emit = target_emit,
    .tag = body_tag,
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
    .expect = target_check_add,
    .write = writer_run,
    .forced = call_forced,
    .rest = rest,
    .enter = object_enter,
    .leave = object_leave,
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

/*
 * What `swrctl advise` starts is woken before it begins: later calls of threads that begin together would
 * pass by while one of them wakes it, and a daemon may have dropped the rights that it takes to leave a file.
 */
__attribute__((constructor)) static void begin_observed(void)
{
    int saved = errno;
    origin_note();
    const char *directory = origin_variable("SWR_OBSERVE");
    /* Where it is not, it may be so below a root directory that the program will have: then at the first
     * call. */
    if (directory != NULL && syscall(SYS_faccessat, AT_FDCWD, directory, W_OK) == 0)
        swrcache_attach(SWRCACHE_ABI);
    errno = saved;
}

__attribute__((destructor)) static void leave(void)
{
    /* Not alive: a fork's child that was not prepared; its locks may be held by threads that are gone. */
    if (atomic_load(&state) != AWAKE || alive_dead())
        return;
    atomic_store(alive_word, ALIVE_DEAD);
    family_leave();
    control_stop();
    pool_stop();
}
