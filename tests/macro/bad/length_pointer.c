/* expect: the length 'len' of 'data' must be an integer parameter */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_BYTES(data, len), SWR_STR(len)))
{
    return data != 0 && len;
}
