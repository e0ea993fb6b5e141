/* expect: no member named 'ttl'|field designator 'ttl' does not refer */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, x)), .ttl = 5)
{
    return x;
}
