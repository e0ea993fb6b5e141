/* expect: write SWR_BYTES\(name, length\) */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_BYTES(void, a, len), SWR_VAL(int, len)))
{
    return len + (a != 0);
}
