/* expect: 'f' returns a pointer: use SWR_CACHED_STRING */
#include <swrcache.h>

SWR_CACHED(char *, f, (SWR_VAL(int, x)))
{
    return x ? 0 : 0;
}
