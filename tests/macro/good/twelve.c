#include <swrcache.h>

SWR_CACHED(int, fn,
           (SWR_VAL(int, a), SWR_VAL(int, b), SWR_VAL(int, c), SWR_VAL(int, d), SWR_VAL(int, e),
            SWR_VAL(int, f), SWR_VAL(int, g), SWR_VAL(int, h), SWR_VAL(int, i), SWR_VAL(int, j),
            SWR_VAL(int, k), SWR_VAL(int, l)))
{
    return a + b + c + d + e + f + g + h + i + j + k + l;
}
