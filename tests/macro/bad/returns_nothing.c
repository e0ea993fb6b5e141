/* expect: 'f' returns nothing: use SWR_CACHED_VOID */
#include <swrcache.h>

SWR_CACHED(void, f, (SWR_VAL(int, x)))
{
    (void)x;
}
