/*
 * pool.h - the bounded threads that refresh. Started at need, gone after a second without work.
 */
#ifndef RUNTIME_POOL_H
#define RUNTIME_POOL_H

#include "cache.h"

struct flight;

/*
 * Queues a refresh of `e`, whose lease word the caller has set to `lease`; takes its own references. With a
 * flight, others already wait for it. Never blocks. False: queue full or no thread to be had.
 */
bool pool_submit(struct entry *e, uint64_t lease, struct flight *fl);
/* The same for who was told to refresh: no later call will, so it waits for the queue's short lock. */
bool pool_order(struct entry *e, uint64_t lease);
/* Lets warm_fire() decide on `e` at `due`. */
void pool_schedule(struct entry *e, uint64_t due);
/* Lets a worker see to the memory: alloc_wants(), sweep_wanted(). Never blocks; false: there is none. */
bool pool_chore(void);
bool pool_drain(uint64_t timeout_ns);
void pool_swept(void); /* sweep.c: a sweep has ended, for which somebody may drain */
void pool_wake(void);
/*
 * The process exits: nothing more is started, what runs is waited for at most so long. A worker whose body
 * returns, or calls another cached function, after that stays in pool_park() for ever.
 */
void pool_stop(uint64_t wait_ns);
#define EXIT_NS (50 * NS_PER_MS)
void pool_park(void);
/* The calling thread ends; had it been amid a refresh, by pthread_exit() in the body, that is told here. */
void pool_lost(void);
bool pool_wanted(void); /* false: SWR_THREADS=0, callers refresh */
void pool_fork_prepare(void);
void pool_fork_release(bool child);

/* As they are at one moment. */
struct pool_state {
    uint32_t threads, running, queued;
};
struct pool_state pool_state(void);

#endif
