/* expect: out-parameter 'out' is aligned to more than 4096 bytes, which the cache does not serve */
#include <swrcache.h>

struct far {
    _Alignas(8192) char c;
};

SWR_CACHED_VOID(f, (SWR_VAL(int, x), SWR_OUT(struct far, out)))
{
    out->c = (char)x;
}
