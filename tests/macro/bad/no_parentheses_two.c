/* expect: the parameters of 'f' stand in parentheses of their own */
#include <swrcache.h>

SWR_CACHED(int, f, SWR_VAL(int, a), SWR_STR(b), .ttl_ms = 5)
{
    return a + (b != 0);
}
