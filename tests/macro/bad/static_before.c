/* expect: multiple storage classes in declaration|cannot combine with previous 'static' */
#include <swrcache.h>

static SWR_CACHED(int, f, (SWR_VAL(int, x)))
{
    return x;
}
