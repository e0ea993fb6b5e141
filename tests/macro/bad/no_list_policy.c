/* expect: the parameters of 'f' stand in parentheses of their own.*not '.ttl_ms = 5' */
#include <swrcache.h>

SWR_CACHED(int, f, .ttl_ms = 5)
{
    return 1;
}
