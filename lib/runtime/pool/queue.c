#include "queue.h"
#include "heap.h"
#include "base/os.h"

#include <string.h>

enum { LINES_LEAST = 8, LINE_LEAST = 16 };

static int doublings(uint64_t n)
{
    return 63 - __builtin_clzll(n | 1);
}

void queue_open(struct queue *q, uint32_t size)
{
    *q = (struct queue){.size = size};
}

void queue_empty(struct queue *q)
{
    for (uint32_t i = 0; i < q->nlines; i++)
        os_free(q->lines[i].heap);
    os_free(q->lines);
    *q = (struct queue){.size = q->size};
}

/* An array with twice the room; NULL: no memory, it is as it was. */
static void *grown(void *array, uint32_t *room, size_t each, uint32_t least)
{
    uint32_t more = *room == 0 ? least : 2 * *room;
    void *larger = os_alloc(more * each);
    if (larger == NULL)
        return NULL;
    if (*room != 0)
        memcpy(larger, array, *room * each);
    os_free(array);
    *room = more;
    return larger;
}

static struct queue_line *find(struct queue *q, uint32_t line)
{
    for (uint32_t i = 0; i < q->nlines; i++)
        if (q->lines[i].line == line)
            return &q->lines[i];
    return NULL;
}

static struct queue_line *find_or_make(struct queue *q, uint32_t line)
{
    struct queue_line *l = find(q, line);
    if (l != NULL)
        return l;
    if (q->nlines == q->lines_room) {
        struct queue_line *lines = grown(q->lines, &q->lines_room, sizeof *lines, LINES_LEAST);
        if (lines == NULL)
            return NULL;
        q->lines = lines;
    }
    q->lines[q->nlines] = (struct queue_line){.line = line, .turn = q->turn};
    return &q->lines[q->nlines++];
}

/* A line with nobody in it goes. The last one stays with its room: mostly it comes again. */
static void end_if_empty(struct queue *q, struct queue_line *l)
{
    if (l->count != 0 || q->nlines == 1)
        return;
    os_free(l->heap);
    *l = q->lines[--q->nlines];
}

bool queue_push(struct queue *q, struct job job, uint64_t hits, uint64_t cost_us)
{
    if (q->count == q->size)
        return false;
    struct queue_line *l = find_or_make(q, job.line);
    if (l == NULL)
        return false;
    if (l->count == l->room) {
        struct job *heap = grown(l->heap, &l->room, sizeof *heap, LINE_LEAST);
        if (heap == NULL) {
            end_if_empty(q, l);
            return false;
        }
        l->heap = heap;
    }
    /* Its turns that it had no job for are no claim. */
    if (l->count == 0 && l->turn < q->turn)
        l->turn = q->turn;
    job.place = l->asked++ - QUEUE_STEP * doublings(hits) - QUEUE_COST_STEP * doublings(cost_us);
    if (job.flight != NULL)
        job.place -= INT64_MAX / 2;
    HEAP_PUSH(l->heap, l->count, job, place);
    q->count++;
    return true;
}

static bool before(const struct queue_line *a, const struct queue_line *b)
{
    bool a_waited = a->heap[0].flight != NULL, b_waited = b->heap[0].flight != NULL;
    return a_waited != b_waited ? a_waited : a->turn < b->turn;
}

struct job queue_pop(struct queue *q)
{
    if (q->count == 0)
        return (struct job){0};
    struct queue_line *l = NULL;
    for (uint32_t i = 0; i < q->nlines; i++)
        if (q->lines[i].count != 0 && (l == NULL || before(&q->lines[i], l)))
            l = &q->lines[i];
    struct job first = l->heap[0];
    q->turn = l->turn > q->turn ? l->turn : q->turn;
    l->turn++;
    HEAP_POP(l->heap, l->count, place);
    q->count--;
    end_if_empty(q, l);
    if (q->ntaken < QUEUE_TAKEN)
        q->taken[q->ntaken++] = first;
    return first;
}

void queue_end(struct queue *q, const struct entry *e)
{
    for (uint32_t i = 0; i < q->ntaken; i++)
        if (q->taken[i].entry == e) {
            q->taken[i] = q->taken[--q->ntaken];
            return;
        }
}

struct job queue_left(struct queue *q)
{
    uint32_t taken = q->ntaken;
    if (taken != 0)
        return q->taken[--q->ntaken];
    struct job job = queue_pop(q);
    q->ntaken = taken;
    return job;
}

/* A line's jobs are of one function: all of them are meant or none. */
struct job queue_take(struct queue *q, bool (*meant)(const struct entry *e))
{
    for (uint32_t i = 0; i < q->nlines; i++) {
        struct queue_line *l = &q->lines[i];
        if (l->count == 0 || !meant(l->heap[0].entry))
            continue;
        struct job job = l->heap[--l->count];
        q->count--;
        end_if_empty(q, l);
        return job;
    }
    return (struct job){0};
}

struct job queue_yield(struct queue *q, uint32_t line)
{
    struct queue_line *longest = NULL, *own = find(q, line);
    for (uint32_t i = 0; i < q->nlines; i++)
        if (longest == NULL || q->lines[i].count > longest->count)
            longest = &q->lines[i];
    /* The last of a heap has none behind it. */
    if (longest == NULL || longest == own || longest->count <= (own != NULL ? own->count : 0) + 1 ||
        longest->heap[longest->count - 1].flight != NULL)
        return (struct job){0};
    q->count--;
    return longest->heap[--longest->count];
}
