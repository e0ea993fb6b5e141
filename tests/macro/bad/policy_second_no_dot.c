/* expect: policy '40' of 'f': a field begins with a dot */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, a)), .ttl_ms = 20, 40)
{
    return a;
}
