/* expect: what 'p' points to is aligned to more than 4096 bytes, which the cache does not serve */
#include <swrcache.h>

struct far {
    _Alignas(8192) char c;
};

SWR_CACHED(int, f, (SWR_STRUCT(struct far, p, c)))
{
    return p->c;
}
