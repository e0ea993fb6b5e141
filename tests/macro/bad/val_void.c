/* expect: parameter 'SWR_VAL\(void, a\)' of 'f': write SWR_VAL\(type, name\) */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(void, a)))
{
    return 0;
}
