#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, x)))
{
    return x;
}
