/* expect: the result of 'f' is aligned to more than 4096 bytes, which the cache does not serve */
#include <swrcache.h>

struct far {
    _Alignas(8192) char c;
};

SWR_CACHED(struct far, f, (SWR_VAL(int, x)))
{
    return (struct far){(char)x};
}
