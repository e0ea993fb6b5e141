/* expect: incompatible (function )?pointer type */
#include <swrcache.h>

static int always(int result)
{
    return result;
}

SWR_CACHED(int, f, (SWR_VAL(int, x)), .failed = always)
{
    return x;
}
