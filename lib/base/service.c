#define _GNU_SOURCE
#include "service.h"
#include "ambient.h"
#include "clock.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

/* Whoever ended longer ago is gone, and its number may be another thread's by now. */
#define LAST_MOMENTS_NS (30 * NS_PER_S)

/* Whose thread this is; NULL: not one of ours, or it is ending. */
static __thread struct service *mine __attribute__((tls_model("initial-exec")));

/*
 * Its destructor sees a thread end that does not come back from run(). A cleanup handler would not do: it
 * belongs to a frame, and pthread_exit() in a body that was compiled without tables for unwinding passes the
 * frames over.
 */
static pthread_key_t endings;
static bool have_endings; /* set once, at waking */

#ifdef SWRCACHE_TESTING
static _Atomic uint64_t asked;
static _Atomic bool refused;

void service_refuse(bool refuse)
{
    atomic_store(&refused, refuse);
}

uint64_t service_asked(void)
{
    return atomic_load(&asked);
}
#endif

static void count_down(struct service *s)
{
    atomic_fetch_sub(&s->alive, 1);
    os_futex_wake(&s->alive, INT32_MAX);
}

/*
 * In the place of the one that ended longest ago. The system is asked for nothing here that a program which
 * has locked itself in may forbid (swrcache(3)): nobody sees whether that one is gone.
 */
static void note_ending(struct service *s)
{
    uint32_t place = atomic_fetch_add(&s->ended, 1) % SERVICE_ENDING;
    atomic_store(&s->ending[place].at, os_monotonic());
    atomic_store(&s->ending[place].tid, os_gettid());
}

/* The calling thread's last word, unless it has said it. */
static void ended(void *cookie)
{
    struct service *s = mine;
    (void)cookie;
    if (s == NULL)
        return;
    mine = NULL;
    note_ending(s);
    count_down(s);
}

void service_ready(void)
{
    have_endings = pthread_key_create(&endings, ended) == 0;
}

static void *begin(void *cookie)
{
    const struct service_thread *kind = cookie;
    ambient_begin(kind->name);
    mine = kind->of;
    /* Without memory for that its end is seen when it returns, as nearly all do. */
    pthread_setspecific(endings, kind->of);
    kind->run();
    /* It forked and this is the child: nobody here knows of this thread, whose end could end the process. */
    if (mine == NULL)
        os_thread_vanish();
    ended(NULL);
    return NULL;
}

static int create(const struct service_thread *kind)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, old;
    int rc = pthread_attr_init(&attr);
    if (rc != 0)
        return rc;
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (kind->stack != 0)
        pthread_attr_setstacksize(&attr, kind->stack);
    /* Blocked in the creator so that the new thread never lives a moment with an open mask. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&thread, &attr, begin, (void *)(uintptr_t)kind);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return rc;
}

int service_start(const struct service_thread *kind)
{
    struct service *s = kind->of;
#ifdef SWRCACHE_TESTING
    atomic_fetch_add(&asked, 1);
    if (atomic_load(&refused))
        return EAGAIN;
#endif
    if (!have_endings)
        return EAGAIN;
    if (os_locked_in())
        return EPERM;
    atomic_store(&s->pid, getpid());
    /* Counted before it is asked what is wanted: either a stop is seen here, or who stops waits for it. */
    atomic_fetch_add(&s->alive, 1);
    int rc = service_wanted(s) == SERVICE_TO_STOP ? ECANCELED : create(kind);
    if (rc != 0)
        count_down(s);
    return rc;
}

void service_sleep(struct service *s, uint64_t deadline_ns)
{
    os_futex_wait(&s->wanted, SERVICE_TO_RUN, deadline_ns);
}

bool service_stop(struct service *s)
{
    if (atomic_exchange(&s->wanted, SERVICE_TO_STOP) == SERVICE_TO_STOP)
        return false;
    os_futex_wake(&s->wanted, INT32_MAX);
    return true;
}

bool service_rest(struct service *s)
{
    uint32_t runs = SERVICE_TO_RUN;
    int pid = atomic_load(&s->pid);
    if (os_locked_in() || (pid != 0 && pid != getpid()))
        return false;
    if (atomic_compare_exchange_strong(&s->wanted, &runs, SERVICE_TO_REST))
        os_futex_wake(&s->wanted, INT32_MAX);
    return service_wanted(s) == SERVICE_TO_REST;
}

void service_resume(struct service *s)
{
    uint32_t rests = SERVICE_TO_REST;
    atomic_compare_exchange_strong(&s->wanted, &rests, SERVICE_TO_RUN);
}

uint32_t service_alive(const struct service *s)
{
    return atomic_load(&s->pid) == getpid() ? atomic_load(&s->alive) : 0;
}

bool service_member(const struct service *s)
{
    return mine == s;
}

bool service_await(struct service *s, uint64_t wait_ns)
{
    uint64_t deadline = clock_add(os_monotonic(), wait_ns);
    uint32_t alive, self = service_member(s);
    while ((alive = service_alive(s)) > self)
        if (!os_futex_wait(&s->alive, alive, deadline))
            return false;
    bool all = true;
    for (struct service_ending *e = s->ending; e < s->ending + SERVICE_ENDING; e++) {
        bool lately = os_monotonic() < clock_add(atomic_load(&e->at), LAST_MOMENTS_NS);
        all &= !lately || os_thread_gone(atomic_load(&e->tid), deadline);
    }
    return all;
}

void service_park(void)
{
    static _Atomic uint32_t never; /* futex */
    for (;;)
        os_futex_wait(&never, 0, UINT64_MAX);
}

bool service_forget(struct service *s)
{
    service_resume(s);
    for (uint32_t i = 0; i < SERVICE_ENDING; i++)
        atomic_store(&s->ending[i].tid, 0);
    atomic_store(&s->pid, 0);
    if (mine == s)
        mine = NULL;
    return atomic_exchange(&s->alive, 0) != 0;
}
