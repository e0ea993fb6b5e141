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
    os_free(all->heap);
    all->heap = heap;
    all->room = room;
    return true;
}

bool timers_push(struct timers *all, struct timer t)
{
    if (all->count == all->room && !grow(all))
        return false;
    HEAP_PUSH(all->heap, all->count, t, due);
    return true;
}

struct timer timers_pop(struct timers *all)
{
    struct timer first = all->heap[0];
    HEAP_POP(all->heap, all->count, due);
    if (all->count == 0 && all->room > ROOM_LEAST) {
        os_free(all->heap);
        *all = (struct timers){.heap = NULL};
    }
    return first;
}
