/*
 * timer.h - when entries are to be looked at, the earliest first. The caller locks.
 */
#ifndef RUNTIME_TIMER_H
#define RUNTIME_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct entry;

struct timer {
    struct entry *entry;
    uint64_t due;
};

struct timers {
    struct timer *heap; /* the earliest first; at the array's end those that are being fired */
    size_t room, count, fired;
};

/* False: no memory. */
bool timers_push(struct timers *all, struct timer t);
/* Not of none. It stays known as being fired until timers_end(). */
struct timer timers_pop(struct timers *all);
/* Memory is given back once there are none. */
void timers_end(struct timers *all, struct entry *e);
/* Takes out those that are meant, `most` of them; gives how many. */
size_t timers_take(struct timers *all, bool (*meant)(const struct entry *e), struct entry **taken,
                   size_t most);
/* One that was being fired, now forgotten; entry NULL: there is none. */
struct timer timers_fired(struct timers *all);

/* When the earliest is due; UINT64_MAX: there is none. */
static inline uint64_t timers_due(const struct timers *all)
{
    return all->count != 0 ? all->heap[0].due : UINT64_MAX;
}

#endif
