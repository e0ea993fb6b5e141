/* expect: a comma is missing between the parameters 'SWR_VAL\(int, a\) SWR_VAL\(int, b\)' of 'f' */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, a) SWR_VAL(int, b)))
{
    return a + b;
}
