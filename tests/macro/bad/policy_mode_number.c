/* expect: policy '.mode = 0' of 'f': SWR_MODE_ON, SWR_MODE_OFF, SWR_MODE_SHADOW or SWR_MODE_OBSERVE */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, x)), .mode = 0)
{
    return x;
}
