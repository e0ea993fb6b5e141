/* expect: parameter 'SWR_STING\(x\)' of 'f' needs a kind: SWR_VAL, SWR_STR */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_STING(x)))
{
    return x != 0;
}
