/* expect: write SWR_OUT\(type, name\) */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_OUT(int *s)))
{
    return *s = 1;
}
