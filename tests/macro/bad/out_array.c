/* expect: out-parameter 'r' hands out a pointer, .*, or an array: SWR_OUT_BYTES, SWR_OUT of a structure */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, a), SWR_OUT(int[3], r)))
{
    (*r)[0] = a;
    return a;
}
