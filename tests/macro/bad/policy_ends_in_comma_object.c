/* expect: the policy of 'f' ends with a comma: leave it out */
#include <stdlib.h>

#include <swrcache.h>

struct it {
    int n;
};

static struct it *copy(struct it *it)
{
    return it;
}

/* clang-format off */
SWR_CACHED_OBJECT(struct it, f, (SWR_VAL(int, x)), copy, free, .ttl_ms = 5,)
{
    return x != 0 ? NULL : NULL;
}
