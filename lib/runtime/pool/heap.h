/*
 * heap.h - a binary heap in an array of any structure, the least `order` (one of its fields) first. Who calls
 * has the room, the lock and the count.
 */
#ifndef RUNTIME_HEAP_H
#define RUNTIME_HEAP_H

#include <stddef.h>

/* Puts `item` in; there is room for it. */
#define HEAP_PUSH(heap, count, item, order)                                                                  \
    do {                                                                                                     \
        size_t heap_at = (count)++;                                                                          \
        for (; heap_at > 0 && (heap)[(heap_at - 1) / 2].order > (item).order; heap_at = (heap_at - 1) / 2)   \
            (heap)[heap_at] = (heap)[(heap_at - 1) / 2];                                                     \
        (heap)[heap_at] = (item);                                                                            \
    } while (0)

/* Takes the first out; there is one. */
#define HEAP_POP(heap, count, order)                                                                         \
    do {                                                                                                     \
        size_t heap_at = 0, heap_last = --(count);                                                           \
        for (size_t heap_child; (heap_child = 2 * heap_at + 1) < heap_last; heap_at = heap_child) {          \
            heap_child +=                                                                                    \
                heap_child + 1 < heap_last && (heap)[heap_child + 1].order < (heap)[heap_child].order;       \
            if ((heap)[heap_child].order >= (heap)[heap_last].order)                                         \
                break;                                                                                       \
            (heap)[heap_at] = (heap)[heap_child];                                                            \
        }                                                                                                    \
        (heap)[heap_at] = (heap)[heap_last];                                                                 \
    } while (0)

#endif
