/* expect: policy '.ttl_ms = 1.5' of 'f' is no whole number: times are in milliseconds */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, x)), .stale_ms = 0, .ttl_ms = 1.5)
{
    return x;
}
