#include <swrcache.h>

SWR_CACHED(int, f, (SWR_OPAQUE(void *, p)))
{
    return p != 0;
}
