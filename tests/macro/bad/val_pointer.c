/* expect: pointer parameter 'db' needs a kind: SWR_BYTES, SWR_OUT or SWR_OPAQUE */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(void *, db)))
{
    return db != 0;
}
