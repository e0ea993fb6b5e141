#include "queue.h"
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
    uint32_t at = q->count++;
    for (; at > 0 && q->heap[(at - 1) / 2].place > job.place; at = (at - 1) / 2)
        q->heap[at] = q->heap[(at - 1) / 2];
    q->heap[at] = job;
    return true;
}

struct job queue_pop(struct queue *q)
{
    if (q->count == 0)
        return (struct job){0};
    struct job first = q->heap[0], last = q->heap[--q->count];
    uint32_t at = 0;
    for (uint32_t child; (child = 2 * at + 1) < q->count; at = child) {
        if (child + 1 < q->count && q->heap[child + 1].place < q->heap[child].place)
            child++;
        if (q->heap[child].place >= last.place)
            break;
        q->heap[at] = q->heap[child];
    }
    q->heap[at] = last;
    return first;
}
