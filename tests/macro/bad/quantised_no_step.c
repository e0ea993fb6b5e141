/* expect: parameter 'SWR_QUANTISED\(double, x\)' of 'f': write SWR_QUANTISED\(type, name, step\) */
#include <swrcache.h>

SWR_CACHED(double, f, (SWR_QUANTISED(double, x)))
{
    return x;
}
