/* expect: parameter 'p' is no number: SWR_QUANTISED rounds */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_QUANTISED(char, p, 2)))
{
    return p;
}
