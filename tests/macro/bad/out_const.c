/* expect: out-parameter 'r' is const, but the function writes it */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, a), SWR_OUT(const int, r)))
{
    return a + *r;
}
