/* expect: a comma too many stands among the parameters of 'f' */
#include <swrcache.h>

SWR_INVALIDATES(int, f, (SWR_VAL(int, x), , SWR_STR(y)), ("all"))
{
    return x + y[0];
}
