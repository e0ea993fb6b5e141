/* expect: policy 'ttl_ms = 5' of 'f': a field begins with a dot, .ttl_ms = 5 */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, a)), ttl_ms = 5)
{
    return a;
}
