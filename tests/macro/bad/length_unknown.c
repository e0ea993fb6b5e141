/* expect: 'size' undeclared|undeclared identifier 'size' */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_BYTES(data, size), SWR_VAL(int, len)))
{
    return data != 0 && len;
}
