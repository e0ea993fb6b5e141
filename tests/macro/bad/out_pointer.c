/* expect: out-parameter 's' hands out a pointer */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, x), SWR_OUT(char *, s)))
{
    *s = 0;
    return x;
}
