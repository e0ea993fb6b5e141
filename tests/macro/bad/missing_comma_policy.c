/* expect: the parameters of 'f' stand in parentheses of their own, then a comma */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, a)) .ttl_ms = 5)
{
    return a;
}
