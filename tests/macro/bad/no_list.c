/* expect: the parameters of 'f' stand in parentheses of their own.*not '' */
#include <swrcache.h>

SWR_CACHED(int, f)
{
    return 1;
}
