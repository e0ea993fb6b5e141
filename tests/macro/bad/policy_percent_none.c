/* expect: policy '.percent = 0' of 'f': from 1 to 100; .mode = SWR_MODE_OFF caches none */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, x)), .percent = 0)
{
    return x;
}
