/*
 * pool.h - the bounded threads that refresh. Started at need, gone after a second without work.
 */
#ifndef RUNTIME_POOL_H
#define RUNTIME_POOL_H

#include "queue.h"
#include "base/clock.h"

#include <stdbool.h>

struct flight;

/*
 * What workers do, handed down by who knows it. `run` computes a job; `lost`: its thread ended amid it;
 * `shed`: it is not computed after all. All give the references back that the job holds. `fire`: a timer is
 * due; when it is due again, CLOCK_NEVER: `drop` it. A chore is work that no job stands for.
 * `timed`: its timer is used up by a refresh that is not done yet. `done`: a job is through, and its
 * references are given back.
 */
struct pool_duties {
    void (*run)(struct job *job);
    void (*lost)(struct job *job);
    void (*shed)(struct job *job);
    uint64_t (*fire)(struct entry *e, uint64_t now);
    void (*drop)(struct entry *e);
    bool (*chore_wanted)(void);
    uint64_t (*chore_due)(void); /* when to ask again, CLOCK_NEVER: when somebody calls pool_chore() */
    bool (*chore)(void);
    bool (*timed)(struct entry *e);
    void (*done)(void);
};
void pool_start(const struct pool_duties *duties);

/*
 * Queues a refresh of an entry, whose lease word the caller has set to `lease`; takes over the references to
 * it and to the flight, if there is one: others already wait for it. Never blocks. False: queue full or no
 * thread to be had.
 */
bool pool_submit(const struct job *job, uint64_t hits, uint64_t cost_us);
/* The same for a refresh that somebody asked for: it waits for the queue's short lock, as no later call would
 * try again. */
bool pool_order(const struct job *job, uint64_t hits, uint64_t cost_us);
/* Sets a timer; takes over a reference. False: no memory, it is still the caller's. */
bool pool_schedule(struct entry *e, uint64_t due);
/* Lets a worker see to the memory: alloc_wants(), chores. Never blocks; false: there is none. */
bool pool_chore(void);
bool pool_drain(uint64_t timeout_ns);
/*
 * Takes out the jobs that wait, and the timers, of all entries that are meant. Those of jobs that are at work
 * are shown, with the pool's lock held.
 */
struct pool_meant {
    bool (*meant)(const struct entry *e);
    void (*at_work)(struct entry *e, void *cookie);
    void *cookie;
};
void pool_forget(const struct pool_meant *meant);
void pool_swept(void); /* sweep.c: a sweep has ended, for which somebody may drain */
void pool_wake(void);
/*
 * The process exits: nothing more is started, what runs is waited for at most SERVICE_WAIT_NS. A worker whose
 * body returns, or calls another cached function, after that stays in pool_park() for ever.
 */
void pool_stop(void);
/*
 * For a moment the process wants to be alone: workers leave once nothing is queued, and are waited for
 * SERVICE_WAIT_NS at most until they are no more. Others come with the next refresh; with pool_resume() if
 * one is due already.
 */
void pool_rest(void);
void pool_resume(void);
void pool_park(void);
/* The calling thread ends; had it been amid a refresh, by pthread_exit() in the body, that is told here. */
void pool_lost(void);
bool pool_wanted(void); /* false: SWR_THREADS=0, callers refresh */
/* In a fork's child, alone: the threads are gone. What they would have seen to is left to pool_resume(). */
void pool_fork_child(void);

/* As they are at one moment. */
struct pool_state {
    uint32_t threads, running, queued;
    uint32_t spare; /* of the threads: beyond SWR_THREADS, as refreshes hang */
};
struct pool_state pool_state(void);

#endif
