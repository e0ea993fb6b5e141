/* expect: parameter 'handle' is larger than the cache can hold */
#include <swrcache.h>

struct vast {
    char c[0x80000000];
};

SWR_CACHED(int, f, (SWR_OPAQUE(struct vast *, p), SWR_OPAQUE(struct vast, handle)))
{
    return p != 0 && handle.c[0];
}
