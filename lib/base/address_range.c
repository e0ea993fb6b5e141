#include "address_range.h"
#include "leak.h"
#include "os.h"

enum { STEPS_MOST = 32768, WORD = 64, HALVED = 8 };

_Static_assert((uint64_t)STEPS_MOST *ADDRESS_RANGE_STEP <= (uint64_t)ADDRESS_RANGE_GRAIN << 32,
               "a grain's number fits");

uintptr_t address_range_base;

static uint64_t taken[STEPS_MOST / WORD]; /* by us, or seen to be by others */
static size_t steps, next;                /* next: where the search begins */

static bool is_taken(size_t step)
{
    return taken[step / WORD] >> step % WORD & 1;
}

static void set_taken(size_t from, size_t count, bool to)
{
    for (size_t step = from; step < from + count; step++) {
        uint64_t bit = UINT64_C(1) << step % WORD;
        taken[step / WORD] = to ? taken[step / WORD] | bit : taken[step / WORD] & ~bit;
    }
}

/* As much as there is: half, where a limit forbids all of it. */
static bool open_window(void)
{
    for (size_t count = STEPS_MOST, i = 0; i < HALVED && steps == 0; count /= 2, i++) {
        uintptr_t at = os_free_range((count + 1) * ADDRESS_RANGE_STEP);
        if (at == 0)
            continue;
        address_range_base = (at + ADDRESS_RANGE_STEP - 1) & ~(uintptr_t)(ADDRESS_RANGE_STEP - 1);
        steps = count;
    }
    return steps != 0;
}

/* The first of `count` free steps in a row, from `from` on; SIZE_MAX: there are none. */
static size_t find(size_t from, size_t count)
{
    for (size_t step = from, row = 0; step < steps; step++) {
        row = is_taken(step) ? 0 : row + 1;
        if (row == count)
            return step + 1 - count;
    }
    return SIZE_MAX;
}

void *address_range_map(size_t size)
{
    size_t count = size / ADDRESS_RANGE_STEP + (size % ADDRESS_RANGE_STEP != 0);
    if (steps == 0 && !open_window())
        return NULL;
    for (bool wrapped = false;;) {
        size_t step = find(next, count);
        if (step == SIZE_MAX) {
            if (wrapped)
                return NULL;
            wrapped = true;
            next = 0;
            continue;
        }
        bool others;
        void *at = os_map_at((void *)(address_range_base + step * ADDRESS_RANGE_STEP), size, &others);
        if (at == NULL && !others)
            return NULL;
        next = step + (at != NULL ? count : 1);
        set_taken(step, at != NULL ? count : 1, true);
        if (at != NULL) {
            leak_root(at, size);
            return at;
        }
    }
}

void address_range_free(void *at, size_t size)
{
    size_t step = ((uintptr_t)at - address_range_base) / ADDRESS_RANGE_STEP;
    set_taken(step, size / ADDRESS_RANGE_STEP + (size % ADDRESS_RANGE_STEP != 0), false);
    if (step < next)
        next = step;
}
