/* expect: integer from pointer without a cast|incompatible pointer to integer */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, a)), .ttl_ms = "20s")
{
    return a;
}
