/* expect: policy '.shadow_pct = 0' of 'f': from 1 to 100, which never ends it */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, x)), .shadow_pct = 0)
{
    return x;
}
