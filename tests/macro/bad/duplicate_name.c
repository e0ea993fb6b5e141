/* expect: redefinition of parameter 'a' */
/* lines: 90: the compiler says it wherever the parameters stand */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, a), SWR_VAL(int, a)))
{
    return a;
}
