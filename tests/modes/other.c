/* other.c - uses what functions.c defines, and has a static function of the same name as one in main.c. */
#include "shared.h"

#include <stdlib.h>
#include <string.h>

static int local_runs;

SWR_STATIC_CACHED(int, local, (SWR_VAL(int, x)))
{
    local_runs++;
    return x + 100;
}

int other_calls(int times)
{
    int wrong = 0;

    while (times-- > 0) {
        char *text = greeting("you");
        wrong += twice(21) != 42 || local(1) != 101 || !text || strcmp(text, "hello, you") != 0;
        free(text);
    }
    return wrong;
}

int other_invalidates(void)
{
    return (int)SWR_INVALIDATE(twice, 21);
}

int other_local_runs(void)
{
    return local_runs;
}
