/* expect: policy '.stale_ms=.25' of 'f' is no whole number */
#include <swrcache.h>

/* clang-format off */
SWR_CACHED(int, f, (SWR_VAL(int, x)), .stale_ms=.25)
{
    return x;
}
