#include <swrcache.h>

SWR_DECLARE(int, f, (SWR_VAL(int, x)));
SWR_DECLARE(int, f, (SWR_VAL(int, x)));

SWR_CACHED(int, f, (SWR_VAL(int, x)))
{
    return x;
}
