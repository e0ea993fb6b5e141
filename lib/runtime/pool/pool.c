#define _GNU_SOURCE
#include "pool.h"
#include "timer.h"
#include "runtime/setting/complaint.h"
#include "runtime/setting/option.h"
#include "base/alive.h"
#include "base/alloc.h"
#include "base/ambient.h"
#include "base/clock.h"
#include "base/epoch.h"
#include "base/lock.h"
#include "base/shelter.h"
#include "base/sync.h"

#include <stdlib.h>
#include <time.h>

/*
 * A queue under one short lock that a submitter only tries to take: a caller never waits for it. Workers
 * sleep on `bell`; the last one idle for IDLE_NS leaves, unless a timed refresh is due later.
 *
 * Bodies may hang, and then nobody who comes by later can be counted on: once all workers are busy and
 * something waits, another thread keeps watch. When no refresh has begun or ended for HUNG_NS it becomes a
 * worker, one of SPARE at most, and has the next keep watch; beyond those it gives the leases of what waits
 * back, so that callers know of no refresh under way.
 */
enum { TRIES = 50, QUEUE_MOST = 65536, SPARE = 6, LEFT_MOST = 32, SHED_MOST = 64 };
#define IDLE_NS (1000 * NS_PER_MS)
#define HUNG_NS (1000 * NS_PER_MS)
/* So often one idle worker looks at the queue for IDLE_NS after the last refresh. */
#define TICK_NS (2 * NS_PER_MS)
/* Once a thread could not be had, the next is asked for after a pause that doubles up to the longest. */
#define REFUSED_NS      (10 * NS_PER_MS)
#define REFUSED_MOST_NS (5000 * NS_PER_MS)

static const struct pool_duties *duties;
static _Atomic uint32_t generation; /* of forks */
LOCK(pool);                         /* everything here but the atomics */
static struct queue queue;
static uint32_t threads, idle, running;
static uint32_t firing;            /* timers taken out whose refreshes are not queued yet */
static bool draining;              /* somebody waits for calm */
static bool ticking;               /* one of the idle looks by itself: it need not be woken */
static bool called;                /* or will: it has been rung for that, and has not come yet */
static uint64_t last_progress;     /* when a worker last took or finished a job */
static bool watching;              /* a thread is there that keeps watch */
static bool stuck;                 /* all workers hang, the spare ones as well: nothing is taken */
static struct job shed[SHED_MOST]; /* taken out of the queue for others: their leases are to be given back */
static uint32_t nshed;
static struct timers timers;
static uint64_t refused_until, refused_pause;
static bool told_exit; /* exit() has been asked to stop the pool */
static bool resting;   /* idle workers leave, and say who they were */
static int left[LEFT_MOST];
static uint32_t nleft;
static _Atomic bool stopping;
static _Atomic uint32_t parked;                                                /* futex: never raised */
static __thread struct job at_work __attribute__((tls_model("initial-exec"))); /* entry NULL: none */
static _Atomic uint32_t bell;   /* futex: raised for every submission */
static _Atomic uint32_t calm;   /* futex: raised when nothing is queued or running */
static _Atomic uint32_t alarm_; /* futex of who keeps watch: raised when time by hand moves, or at the end */

static void run_timers(void);
static void work_on(void);
static void keep_watch(void);

void pool_start(const struct pool_duties *given)
{
    duties = given;
}

static uint32_t threads_wanted(void)
{
    return (uint32_t)option_number(OPTION_SWR_THREADS);
}

static bool queue_full(void)
{
    return queue.size != 0 && queue.count == queue.size;
}

static uint64_t next_wake(uint64_t now)
{
    /* Time by hand: whoever advances it rings. */
    if (clock_manual())
        return CLOCK_NEVER;
    uint64_t due = timers.count != 0 ? timers_due(&timers) : clock_add(now, IDLE_NS),
             chore = duties->chore_due();
    return chore < due ? chore : due;
}

static void ring(int how_many)
{
    atomic_fetch_add(&bell, 1);
    os_futex_wake(&bell, how_many);
}

/* pool_lock held; gives it back. What was taken is seen by who looks by itself, or by who is woken. */
static bool hand_over(bool taken, bool wake)
{
    lock_give(&pool_lock);
    if (wake) {
        SYNC_POINT("submitter.wakes");
        ring(1);
    } else if (taken) {
        atomic_fetch_add(&bell, 1);
    }
    return taken;
}

/* pool_lock held. Who waits on says so again: he may have been called away. */
static void tell_calm(void)
{
    draining = false;
    atomic_fetch_add(&calm, 1);
    os_futex_wake(&calm, INT32_MAX);
}

/* pool_lock held. */
static void finished(const struct entry *e)
{
    queue_end(&queue, e);
    running--;
    stuck = false;
    last_progress = clock_now();
    /* One more may run than is waited for: a body of its own that exits. */
    if (queue.count == 0 && running <= 1)
        tell_calm();
}

void pool_park(void)
{
    if (likely(!atomic_load_explicit(&stopping, memory_order_relaxed)) || at_work.entry == NULL)
        return;
    lock_take(&pool_lock);
    finished(at_work.entry);
    at_work.entry = NULL;
    lock_give(&pool_lock);
    for (;;)
        os_futex_wait(&parked, 0, UINT64_MAX);
}

void pool_lost(void)
{
    struct job job = at_work;
    if (job.entry == NULL)
        return;
    at_work.entry = NULL;
    if (alive_dead())
        return;
    lock_take(&pool_lock);
    threads--;
    finished(job.entry);
    lock_give(&pool_lock);
    duties->lost(&job);
}

static const struct os_thread watcher = {.name = "swr-refresh", .run = keep_watch};

/* pool_lock held: a thread more, or, once one was refused, a pause until the next is asked for. */
static bool start(const struct os_thread *thread)
{
    uint64_t now = clock_now();
    if (now < refused_until)
        return false;
    if (os_thread_start(thread) != 0) {
        refused_pause = refused_pause == 0 ? REFUSED_NS : refused_pause * 2;
        if (refused_pause > REFUSED_MOST_NS)
            refused_pause = REFUSED_MOST_NS;
        refused_until = clock_add(now, refused_pause);
        return false;
    }
    refused_until = refused_pause = 0;
    return true;
}

/* pool_lock held: something waits that no worker has time for. */
static bool work_waits(void)
{
    return queue.count > 0 || (timers.count != 0 && timers_due(&timers) <= clock_now()) ||
           duties->chore_wanted();
}

/* pool_lock held, after something was taken: should all workers hang, who comes by later is nobody. */
static void have_watch(void)
{
    bool busy = idle == 0 && threads != 0 && threads >= threads_wanted();
    if (busy && !watching && !atomic_load(&stopping) && (work_waits() || timers.count != 0))
        watching = start(&watcher);
}

/* pool_lock held, given back meanwhile. */
static void give_back_shed(void)
{
    while (nshed > 0) {
        struct job job = shed[--nshed];
        lock_give(&pool_lock);
        duties->shed(&job);
        lock_take(&pool_lock);
    }
}

/* pool_lock held: for ever. Not ended: the host's destructors for this thread would run amid its exit(). */
static void stay(void)
{
    lock_give(&pool_lock);
    for (;;)
        os_futex_wait(&parked, 0, UINT64_MAX);
}

/* pool_lock held; gives it back: this thread ends, and is no longer counted. */
static void leave(void)
{
    if (resting) {
        if (nleft < LEFT_MOST)
            left[nleft++] = os_gettid();
        tell_calm();
    }
    lock_give(&pool_lock);
}

/* pool_lock held, given back at the end: the thread counts among `threads` already. */
static void work_on(void)
{
    struct ambient mine;
    uint32_t born = atomic_load(&generation);
    ambient_save(&mine);
    for (;;) {
        /* Before anything is looked at: what is rung for from here on is not slept through. */
        uint32_t rung = atomic_load(&bell);
        run_timers();
        if (atomic_load(&stopping))
            stay();
        give_back_shed();
        if (queue.count > 0) {
            struct job job = queue_pop(&queue);
            running++;
            last_progress = clock_now();
            bool help = idle > 0 && (queue.count > 0 || (!ticking && !clock_manual()));
            /* With nobody left who looks by himself the next submitter would have to wake one. */
            called |= help && !ticking;
            ticking |= called;
            have_watch();
            lock_give(&pool_lock);
            if (help)
                ring(1);
            at_work = job;
            duties->run(&job);
            /* The body forked, and this is the child: it has no pool, and nobody waits for this thread. */
            if (atomic_load(&generation) != born)
                os_thread_vanish();
            pool_park();
            at_work.entry = NULL;
            ambient_restore(&mine);
            /* Known no more before the reference goes: a fork may come between. */
            lock_take(&pool_lock);
            queue_end(&queue, job.entry);
            lock_give(&pool_lock);
            duties->drop(job.entry);
            epoch_tidy();
            lock_take(&pool_lock);
            finished(NULL);
            continue;
        }
        if (duties->chore_wanted()) {
            running++;
            lock_give(&pool_lock);
            duties->chore();
            lock_take(&pool_lock);
            finished(NULL);
            continue;
        }
        if (alloc_wants()) {
            lock_give(&pool_lock);
            alloc_collapse();
            lock_take(&pool_lock);
            continue;
        }
        /* A timer may have come to nothing: no job ended with that. */
        if (draining)
            tell_calm();
        if (resting)
            break;
        uint64_t now = clock_now(), until = next_wake(now);
        bool timed = timers.count != 0 || duties->chore_due() != CLOCK_NEVER;
        bool tick = !ticking && !clock_manual() && now < clock_add(last_progress, IDLE_NS);
        if (tick && until > clock_add(now, TICK_NS))
            until = clock_add(now, TICK_NS);
        ticking |= tick;
        idle++;
        lock_give(&pool_lock);
        SYNC_POINT("worker.idle");
        bool woken = os_futex_wait(&bell, rung, until);
        SYNC_POINT("worker.woken");
        lock_take(&pool_lock);
        idle--;
        ticking &= !tick && !called;
        called = false;
        if (!woken && !timed && !tick && queue.count == 0)
            break;
    }
    threads--;
    leave();
}

static void work(void)
{
    lock_take(&pool_lock);
    work_on();
}

/* pool_lock held. */
static bool all_hang(void)
{
    return running >= threads && threads >= threads_wanted() &&
           clock_now() >= clock_add(last_progress, HUNG_NS) && work_waits();
}

/* pool_lock held, given back meanwhile. */
static void give_all_back(void)
{
    stuck = true;
    lock_give(&pool_lock);
    option_complain("every refresh hangs, those of %d threads more than SWR_THREADS as well: until one ends "
                    "none is begun (swrctl inflight)",
                    SPARE);
    lock_take(&pool_lock);
    while (stuck && queue.count > 0) {
        struct job job = queue_pop(&queue);
        queue_end(&queue, job.entry);
        lock_give(&pool_lock);
        duties->shed(&job);
        lock_take(&pool_lock);
    }
    if (draining)
        tell_calm();
}

static void keep_watch(void)
{
    lock_take(&pool_lock);
    for (;;) {
        uint32_t seen = atomic_load(&alarm_);
        if (atomic_load(&stopping))
            stay();
        if (all_hang() && threads < threads_wanted() + SPARE) {
            threads++;
            watching = false;
            last_progress = clock_now();
            lock_give(&pool_lock);
            option_complain("refreshes hang, as none has begun or ended for a second: threads are started "
                            "beyond SWR_THREADS, %d at most (swrctl inflight)",
                            SPARE);
            lock_take(&pool_lock);
            work_on();
            return;
        }
        if (all_hang())
            give_all_back();
        /* Who takes the next job, and leaves nobody idle, has another keep watch. */
        if (idle > 0 || resting || (!work_waits() && timers.count == 0 && !stuck))
            break;
        uint64_t until = CLOCK_NEVER;
        if (!clock_manual()) {
            uint64_t now = clock_now();
            until = clock_add(last_progress > now - HUNG_NS ? last_progress : now, HUNG_NS);
        }
        lock_give(&pool_lock);
        os_futex_wait(&alarm_, seen, until);
        lock_take(&pool_lock);
    }
    watching = false;
    leave();
}

static const struct os_thread refresher = {.name = "swr-refresh", .run = work};

static void at_exit(void)
{
    /* Not in a fork's child that the handlers did not prepare. */
    if (!alive_dead())
        pool_stop(EXIT_NS);
}

/* pool_lock held. */
static bool have_worker(void)
{
    if (idle > 0)
        return true;
    if (threads < threads_wanted() && start(&refresher)) {
        threads++;
        /* Handlers run in reverse order: those registered before find no refresh under way any more. */
        if (!told_exit)
            told_exit = atexit(at_exit) == 0;
    }
    return threads > 0 && !stuck;
}

bool pool_wanted(void)
{
    return option_number(OPTION_SWR_THREADS) != 0;
}

/* It is held for some instructions, unless whoever holds it was put to sleep: then not we as well. */
static bool try_shortly(void)
{
    /* With time by hand a test counts refreshes: none is left to a later caller. */
    if (unlikely(clock_manual())) {
        lock_take(&pool_lock);
        return true;
    }
    for (int i = 0; i < TRIES; i++) {
        if (lock_try(&pool_lock))
            return true;
        os_pause();
    }
    return false;
}

/* pool_lock held. Where it is full a function that has more in it than its share makes room. */
static bool has_room(const struct job *job)
{
    if (queue.size == 0) {
        uint64_t size = option_number(OPTION_SWR_QUEUE);
        queue_open(&queue, size == 0 || size > QUEUE_MOST ? QUEUE_MOST : (uint32_t)size);
    }
    if (!queue_full())
        return true;
    struct job other = nshed < SHED_MOST ? queue_yield(&queue, job->line) : (struct job){0};
    if (other.entry != NULL)
        shed[nshed++] = other;
    return other.entry != NULL;
}

/* pool_lock held; gives it back. */
static bool submit(struct job job, uint64_t hits, uint64_t cost_us)
{
    bool taken = !stopping && have_worker() && has_room(&job) && queue_push(&queue, job, hits, cost_us);
    if (taken)
        have_watch();
    /* A wake costs more than a hit: who looks every moment is not woken where nobody waits. */
    bool wake = taken && idle > 0 && (!ticking || job.flight != NULL);
    return hand_over(taken, wake);
}

bool pool_submit(const struct job *job, uint64_t hits, uint64_t cost_us)
{
    return try_shortly() && submit(*job, hits, cost_us);
}

bool pool_order(const struct job *job, uint64_t hits, uint64_t cost_us)
{
    lock_take(&pool_lock);
    return submit(*job, hits, cost_us);
}

bool pool_chore(void)
{
    if (!lock_try(&pool_lock))
        return false;
    bool taken = !atomic_load(&stopping) && have_worker(), wake = taken && idle > 0;
    have_watch();
    return hand_over(taken, wake);
}

bool pool_schedule(struct entry *e, uint64_t due)
{
    lock_take(&pool_lock);
    bool earliest = due < timers_due(&timers), set = timers_push(&timers, (struct timer){e, due});
    (void)have_worker();
    have_watch();
    lock_give(&pool_lock);
    if (set && earliest) /* than what a worker sleeps for */
        ring(1);
    return set;
}

/*
 * pool_lock held, given back meanwhile. Queues the timed refreshes that are due, as far as there is room: the
 * others stay due, and whoever makes room by taking a job looks again after it.
 */
static void run_timers(void)
{
    uint64_t now = clock_now();
    while (timers.count != 0 && timers_due(&timers) <= now && !queue_full() && !stopping) {
        struct timer t = timers_pop(&timers);
        firing++;
        lock_give(&pool_lock);
        SYNC_POINT("timer.fires");
        t.due = duties->fire(t.entry, now);
        lock_take(&pool_lock);
        timers_end(&timers, t.entry);
        if (t.due == CLOCK_NEVER || !timers_push(&timers, t)) {
            lock_give(&pool_lock);
            duties->drop(t.entry);
            lock_take(&pool_lock);
        }
        firing--;
    }
}

/* Until nothing is queued or running but what `mine` says. */
static bool drain(uint64_t timeout_ns, uint32_t mine)
{
    uint64_t deadline = CLOCK_NEVER;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (timeout_ns != CLOCK_NEVER)
        deadline = clock_add((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, timeout_ns);
    struct shelter shelter;
    shelter_take(&shelter);
    lock_take(&pool_lock);
    bool busy, in_time = true;
    while ((busy = queue.count > 0 || running > mine || firing > 0 ||
                   (duties->chore_wanted() && threads > 0) ||
                   (timers.count != 0 && threads > 0 && timers_due(&timers) <= clock_now())) &&
           in_time) {
        uint32_t seen = atomic_load(&calm);
        draining = true;
        lock_give(&pool_lock);
        shelter_give(&shelter);
        SYNC_POINT("drain.waits");
        /* A spurious wake shortens nothing: all is looked at again. */
        in_time = os_futex_wait(&calm, seen, deadline);
        shelter_take(&shelter);
        lock_take(&pool_lock);
    }
    lock_give(&pool_lock);
    shelter_give(&shelter);
    return !busy;
}

bool pool_drain(uint64_t timeout_ns)
{
    /* In a refresh's own body: it cannot wait for itself. */
    return at_work.entry != NULL ? drain(0, 1) : drain(timeout_ns, 0);
}

void pool_swept(void)
{
    lock_take(&pool_lock);
    if (draining)
        tell_calm();
    lock_give(&pool_lock);
}

void pool_wake(void)
{
    atomic_fetch_add(&bell, 1);
    os_futex_wake(&bell, INT32_MAX);
    atomic_fetch_add(&alarm_, 1);
    os_futex_wake(&alarm_, INT32_MAX);
}

void pool_stop(uint64_t wait_ns)
{
    if (atomic_exchange(&stopping, true))
        return;
    lock_take(&pool_lock);
    queue_empty(&queue);
    lock_give(&pool_lock);
    pool_wake();
    /* Called by a body on a worker, exit() must not wait for that worker, nor may it ever be parked. */
    bool worker = at_work.entry != NULL;
    at_work.entry = NULL;
    if (pool_state().running > worker)
        drain(wait_ns, worker);
}

void pool_rest(uint64_t wait_ns)
{
    struct timespec now;
    if (at_work.entry != NULL) /* its body asks: this thread cannot leave */
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t deadline = clock_add((uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec, wait_ns);
    int who[LEFT_MOST];
    lock_take(&pool_lock);
    resting = true;
    nleft = 0;
    lock_give(&pool_lock);
    pool_wake();
    lock_take(&pool_lock);
    for (bool in_time = true; (threads != 0 || watching) && in_time;) {
        uint32_t seen = atomic_load(&calm);
        lock_give(&pool_lock);
        in_time = os_futex_wait(&calm, seen, deadline);
        lock_take(&pool_lock);
    }
    resting = false;
    uint32_t n = nleft;
    for (uint32_t i = 0; i < n; i++)
        who[i] = left[i];
    lock_give(&pool_lock);
    for (uint32_t i = 0; i < n; i++)
        os_thread_gone(who[i], deadline);
}

void pool_resume(void)
{
    lock_take(&pool_lock);
    bool due = queue.count != 0 || timers.count != 0 || duties->chore_wanted();
    lock_give(&pool_lock);
    if (due)
        pool_chore();
}

/* A timer, or a refresh that one had queued, goes on in the child; what a call had queued another will. */
static void set_again(struct entry *e, bool timed)
{
    if (!timed || !timers_push(&timers, (struct timer){e, clock_now()}))
        duties->drop(e);
}

void pool_fork_child(void)
{
    struct timer t;
    struct job job;
    while ((t = timers_fired(&timers)).entry != NULL)
        set_again(t.entry, !duties->timed(t.entry));
    for (; nshed > 0; nshed--)
        set_again(shed[nshed - 1].entry, duties->timed(shed[nshed - 1].entry));
    while ((job = queue_left(&queue)).entry != NULL)
        set_again(job.entry, duties->timed(job.entry));
    queue_empty(&queue);
    running = firing = idle = threads = 0;
    draining = ticking = called = resting = watching = stuck = false;
    refused_until = refused_pause = 0;
    atomic_fetch_add(&generation, 1);
}

struct pool_state pool_state(void)
{
    lock_take(&pool_lock);
    struct pool_state state = {.threads = threads,
                               .running = running,
                               .queued = queue.count,
                               .spare = threads > threads_wanted() ? threads - threads_wanted() : 0};
    lock_give(&pool_lock);
    return state;
}
