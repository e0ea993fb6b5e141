/* expect: field 'x' of 'struct p' is a pointer */
#include <swrcache.h>

struct p {
    int *x;
};
SWR_CACHED(int, f, (SWR_STRUCT(struct p, p, x)))
{
    return p->x != 0;
}
