/* expect: the policy of 'f' ends with a comma: leave it out */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, x)), .ttl_ms = 5, )
{
    return x;
}
