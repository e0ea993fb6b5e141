/* expect: parameter 'SWR_OUT\(void, r\)' of 'f': write SWR_OUT\(type, name\), or SWR_OUT_BYTES\(name, length\) */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, a), SWR_OUT(void, r)))
{
    return a + (r != 0);
}
