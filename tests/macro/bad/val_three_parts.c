/* expect: parameter 'SWR_VAL\(unsigned, int, a\)' of 'f': write SWR_VAL\(type, name\) */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(unsigned, int, a)))
{
    return (int)a;
}
