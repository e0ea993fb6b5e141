/*
 * queue.h - refreshes that wait for a worker, the ones that matter first. The caller locks.
 *
 * A job stands as though it had been asked for earlier, by QUEUE_STEP places for each doubling of its hits
 * and QUEUE_COST_STEP for each of its cost: what is asked for often and dear to compute overtakes, and
 * nothing waits for ever. Cost weighs less because a dear body holds its worker as long: weighed like hits it
 * makes more old answers than first come, first served (core/README.md, order of refreshes). One that a
 * caller waits for goes before all of them.
 */
#ifndef RUNTIME_QUEUE_H
#define RUNTIME_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

enum { QUEUE_STEP = 256, QUEUE_COST_STEP = QUEUE_STEP / 16 };

struct entry;
struct flight;

struct job {
    struct entry *entry; /* NULL: none */
    struct flight *flight;
    uint64_t lease;
    int64_t place; /* set by queue_push() */
};

struct queue {
    struct job *heap; /* the smallest place first */
    uint32_t size, count;
    int64_t asked; /* pushed so far */
};

bool queue_open(struct queue *q, uint32_t size);
/* False: full. */
bool queue_push(struct queue *q, struct job job, uint64_t hits, uint64_t cost_us);
struct job queue_pop(struct queue *q); /* entry NULL: it is empty */

#endif
