/* expect: write SWR_BYTES\(name, length\) */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_BYTES(data)))
{
    return data != 0;
}
