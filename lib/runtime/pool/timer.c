#include "timer.h"
#include "heap.h"
#include "base/os.h"

#include <string.h>

enum { ROOM_LEAST = 16 };

static bool grow(struct timers *all)
{
    size_t room = all->room == 0 ? ROOM_LEAST : 2 * all->room;
    struct timer *heap = os_alloc(room * sizeof *heap);
    if (heap == NULL)
        return false;
    if (all->count != 0)
        memcpy(heap, all->heap, all->count * sizeof *heap);
    if (all->fired != 0)
        memcpy(heap + room - all->fired, all->heap + all->room - all->fired, all->fired * sizeof *heap);
    os_free(all->heap);
    all->heap = heap;
    all->room = room;
    return true;
}

bool timers_push(struct timers *all, struct timer t)
{
    if (all->count + all->fired == all->room && !grow(all))
        return false;
    HEAP_PUSH(all->heap, all->count, t, due);
    return true;
}

static struct timer *fired(struct timers *all, size_t i)
{
    return &all->heap[all->room - 1 - i];
}

struct timer timers_pop(struct timers *all)
{
    struct timer first = all->heap[0];
    HEAP_POP(all->heap, all->count, due);
    *fired(all, all->fired++) = first;
    return first;
}

void timers_end(struct timers *all, struct entry *e)
{
    for (size_t i = 0; i < all->fired; i++)
        if (fired(all, i)->entry == e) {
            *fired(all, i) = *fired(all, all->fired - 1);
            all->fired--;
            break;
        }
    if (all->count == 0 && all->fired == 0 && all->room > ROOM_LEAST) {
        os_free(all->heap);
        *all = (struct timers){.heap = NULL};
    }
}

size_t timers_take(struct timers *all, bool (*meant)(const struct entry *e), struct entry **taken,
                   size_t most)
{
    size_t n = 0, count = all->count;
    /* Each stands again in its place, or before it. */
    all->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct timer t = all->heap[i];
        if (n < most && meant(t.entry))
            taken[n++] = t.entry;
        else
            HEAP_PUSH(all->heap, all->count, t, due);
    }
    return n;
}

struct timer timers_fired(struct timers *all)
{
    return all->fired != 0 ? *fired(all, --all->fired) : (struct timer){NULL, 0};
}
