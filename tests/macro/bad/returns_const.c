/* expect: 'f' returns a value, which is its caller's: leave out const and volatile */
#include <swrcache.h>

SWR_CACHED(const int, f, (SWR_VAL(int, a)))
{
    return a;
}
