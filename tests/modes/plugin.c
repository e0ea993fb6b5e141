/* plugin.c - a shared object with annotations of its own. */
#include "shared.h"

static int runs;

SWR_STATIC_CACHED(int, inner, (SWR_VAL(int, x)))
{
    runs++;
    return x * x;
}

SWR_CACHED(int, plugged, (SWR_VAL(int, x)))
{
    runs++;
    return inner(x) + 1;
}

int plugged_runs(void)
{
    return runs;
}
