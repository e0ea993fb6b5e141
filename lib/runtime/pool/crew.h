/*
 * crew.h - what the parts of the pool share, and stand on: pool.c takes jobs in, worker.c does them, watch.c
 * sees to it that hanging bodies stop nobody else, rest.c waits for workers and sends them away. Of this
 * folder alone.
 *
 * A queue under one short lock that a submitter only tries to take: a caller never waits for it. Workers
 * sleep on `bell`; the last one idle for a second leaves, unless a timed refresh is due later.
 */
#ifndef RUNTIME_CREW_H
#define RUNTIME_CREW_H

#include "pool.h"
#include "timer.h"
#include "base/lock.h"
#include "base/service.h"

enum { CREW_SHED_MOST = 64 };

/* Under pool_lock, but for what is atomic. */
struct crew {
    const struct pool_duties *duties;     /* set once, at waking */
    const struct service_thread *watcher; /* the same: watch.c's */
    struct service service;               /* of the workers and of who keeps watch */
    struct queue queue;
    struct timers timers;
    uint32_t threads, idle, running; /* of workers: all; that look for work; that do some */
    uint32_t firing;                 /* timers taken out whose refreshes are not queued yet */
    bool draining;                   /* somebody waits for calm */
    bool ticking;                    /* one of the idle looks by itself: it need not be woken */
    bool called;            /* a worker was woken to become the one that looks, and has not run yet */
    uint64_t last_progress; /* when a worker last took or finished a job */
    bool watching;          /* a thread is there that keeps watch */
    bool stuck;             /* all workers hang, the spare ones as well: nothing is taken */
    struct job
        shed[CREW_SHED_MOST]; /* taken out of the queue for others: their leases are to be given back */
    uint32_t nshed;
    uint64_t refused_until, refused_pause;
    bool told_exit;         /* exit() has been asked to stop the pool */
    _Atomic uint32_t bell;  /* futex: raised for every submission */
    _Atomic uint32_t calm;  /* futex: raised when nothing is queued or running */
    _Atomic uint32_t alarm; /* futex of who keeps watch: raised when time by hand moves, or at the end */
};
extern struct crew crew OURS;

/* The job that this thread does; entry NULL: none. */
extern __thread struct job crew_at_work __attribute__((tls_model("initial-exec")));

uint32_t crew_wanted(void); /* SWR_THREADS */

/* The rest with pool_lock held. */
bool crew_full(void);
/* A thread more, or, once one was refused, a pause until the next is asked for. */
bool crew_start(const struct service_thread *kind);
void crew_ring(int how_many);
void crew_tell_calm(void);
/* Gives the lock back, and never returns: the process exits. */
void crew_stay(void) __attribute__((noreturn));
/* Gives the lock back at the end: the work of a thread that counts among `threads` already. */
void crew_work(void);
void crew_worker(void); /* the same for one that begins, without the lock */
/* Something waits that no worker has time for. */
bool crew_work_waits(void);
/* After a job was taken: starts the watcher, as nobody else would notice that all workers hang. */
void crew_watch(void);

extern const struct service_thread crew_watcher OURS;

#endif
