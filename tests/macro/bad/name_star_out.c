/* expect: parameter '\*p': write its name alone */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, n), SWR_OUT(int, *p)))
{
    return p != 0 && n;
}
