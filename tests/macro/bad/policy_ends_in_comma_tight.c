/* expect: the policy of 'f' ends with a comma: leave it out */
#include <swrcache.h>

/* clang-format off */
SWR_CACHED_STRING(f, (SWR_VAL(int, x)),
    .ttl_ms = 5,
    .stale_ms = 7,
)
{
    return x != 0 ? NULL : NULL;
}
