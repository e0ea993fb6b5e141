/* expect: the parameters of 'f' stand in parentheses of their own.*not 'SWR_VAL\(int, a\)' */
#include <swrcache.h>

SWR_CACHED(int, f, SWR_VAL(int, a))
{
    return a;
}
