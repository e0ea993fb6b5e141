/*
 * queue.h - refreshes that wait for a worker, the ones that matter first. The caller locks.
 *
 * Each function has a line of its own, and the lines take turns (start-time fair queueing, Goyal et al. 1996,
 * each refresh counting as much): however many keys of one are stale, another's few are refreshed. Within a
 * line a job stands as though it had been asked for earlier, by QUEUE_STEP places for each doubling of its
 * hits and QUEUE_COST_STEP for each of its cost: what is asked for often and dear to compute overtakes, and
 * nothing waits for ever. Cost weighs less because a dear body holds its worker as long: weighed like hits it
 * makes more old answers than first come, first served (core/README.md, order of refreshes). One that a
 * caller waits for goes before all of them.
 */
#ifndef RUNTIME_QUEUE_H
#define RUNTIME_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QUEUE_STEP = 256, QUEUE_COST_STEP = QUEUE_STEP / 16, QUEUE_TAKEN = 64 };

struct entry;
struct flight;

struct job {
    struct entry *entry; /* NULL: none */
    struct flight *flight;
    uint64_t lease;
    uint32_t line; /* whose it is: its function's number */
    int64_t place; /* set by queue_push() */
};

/* There is one of each function that has a job in it. */
struct queue_line {
    uint32_t line;
    uint32_t room, count;
    struct job *heap; /* the smallest place first */
    int64_t asked;    /* pushed so far */
    uint64_t turn;    /* the line with the least is served */
};

struct queue {
    struct queue_line *lines;
    uint32_t lines_room, nlines;
    uint32_t size, count; /* jobs, of all lines */
    uint64_t turn;        /* of the line that was served last: a new one begins there */
    uint32_t ntaken;
    struct job taken[QUEUE_TAKEN]; /* that are at work */
};

void queue_open(struct queue *q, uint32_t size);
void queue_empty(struct queue *q); /* of its jobs and its memory */
/* False: full, or no memory. */
bool queue_push(struct queue *q, struct job job, uint64_t hits, uint64_t cost_us);
/* entry NULL: it is empty. The job is known to be at work until queue_end(), if not too many are. */
struct job queue_pop(struct queue *q);
void queue_end(struct queue *q, const struct entry *e);
/* Any that waits or is at work, now forgotten; entry NULL: there is none. */
struct job queue_left(struct queue *q);
/* Any that waits and is meant, taken out; entry NULL: there is none. */
struct job queue_take(struct queue *q, bool (*meant)(const struct entry *e));
/*
 * Where it is full: takes a job out of the longest line, one of the last there that no caller waits for, if
 * that is longer than the other's; entry NULL: it is not.
 */
struct job queue_yield(struct queue *q, uint32_t line);

#endif
