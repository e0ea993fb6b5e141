#include "queue.h"
#include "heap.h"
#include "base/os.h"

#include <stddef.h>

static int doublings(uint64_t n)
{
    return 63 - __builtin_clzll(n | 1);
}

bool queue_open(struct queue *q, uint32_t size)
{
    *q = (struct queue){.heap = os_alloc(size * sizeof *q->heap), .size = size};
    return q->heap != NULL;
}

bool queue_push(struct queue *q, struct job job, uint64_t hits, uint64_t cost_us)
{
    if (q->heap == NULL || q->count == q->size)
        return false;
    job.place = q->asked++ - QUEUE_STEP * doublings(hits) - QUEUE_COST_STEP * doublings(cost_us);
    if (job.flight != NULL)
        job.place -= INT64_MAX / 2;
    HEAP_PUSH(q->heap, q->count, job, place);
    return true;
}

struct job queue_pop(struct queue *q)
{
    if (q->count == 0)
        return (struct job){0};
    struct job first = q->heap[0];
    HEAP_POP(q->heap, q->count, place);
    return first;
}
