#include "timer.h"
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
    os_free(all->heap);
    all->heap = heap;
    all->room = room;
    return true;
}

bool timers_push(struct timers *all, struct timer t)
{
    if (all->count == all->room && !grow(all))
        return false;
    size_t at = all->count++;
    for (; at > 0 && all->heap[(at - 1) / 2].due > t.due; at = (at - 1) / 2)
        all->heap[at] = all->heap[(at - 1) / 2];
    all->heap[at] = t;
    return true;
}

struct timer timers_pop(struct timers *all)
{
    struct timer *heap = all->heap, first = heap[0], last = heap[--all->count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < all->count; at = child) {
        child += child + 1 < all->count && heap[child + 1].due < heap[child].due;
        if (heap[child].due >= last.due)
            break;
        heap[at] = heap[child];
    }
    heap[at] = last;
    if (all->count == 0 && all->room > ROOM_LEAST) {
        os_free(heap);
        *all = (struct timers){.heap = NULL};
    }
    return first;
}
