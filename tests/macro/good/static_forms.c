#include <swrcache.h>

#include <stdlib.h>

SWR_STATIC_CACHED_STRING(s, (SWR_STR(x)))
{
    return x ? NULL : NULL;
}

static int *same(int *p)
{
    return p;
}

SWR_STATIC_CACHED_OBJECT(int, o, (SWR_VAL(int, x)), same, free)
{
    return x ? NULL : NULL;
}

int use(void);
int use(void)
{
    free(s("a"));
    return o(1) != 0;
}
