/* expect: the name comes first, without a type, and the parameters of 'void' stand in parentheses */
#include <swrcache.h>

SWR_CACHED_VOID(void, f, (SWR_OUT(int, x)))
{
    return;
}
