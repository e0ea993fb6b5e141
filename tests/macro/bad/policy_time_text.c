/* expect: from .char \*|expression of type .char */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, x)), .ttl_ms = "5s")
{
    return x;
}
