/* expect: policy '.dependencies = .*' of 'f': SWR_DEPENDENCIES_ON or SWR_DEPENDENCIES_OFF */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, x)), .dependencies = false)
{
    return x;
}
