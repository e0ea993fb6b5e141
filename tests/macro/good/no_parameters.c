#include <swrcache.h>

SWR_CACHED(int, f, ())
{
    return 1;
}

SWR_CACHED(int, g, (void))
{
    return f() + (int)SWR_INVALIDATE(f) + (int)SWR_EXPIRE(g);
}
