/* expect: parameter 'p' is a structure, not a scalar */
#include <swrcache.h>

struct p {
    int x;
};
SWR_CACHED(int, f, (SWR_VAL(struct p, p)))
{
    return p.x;
}
