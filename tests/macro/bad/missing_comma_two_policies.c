/* expect: member 'stale_ms' in something not a structure|member reference base type 'int' */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, a)), .ttl_ms = 5 .stale_ms = 6)
{
    return a;
}
