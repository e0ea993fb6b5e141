/* expect: a comma too many stands among the parameters of 'f' */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, x), ))
{
    return x;
}
