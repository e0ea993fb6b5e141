/* expect: the name comes first, without a type, and the parameters of 'char \*' stand in parentheses of their own.*not 'f' */
#include <swrcache.h>

SWR_CACHED_STRING(char *, f, (SWR_VAL(int, a)))
{
    return a ? 0 : 0;
}
