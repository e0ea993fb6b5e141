/* expect: write SWR_STRUCT\(type, name, field */
#include <swrcache.h>

struct p {
    int x;
};
SWR_CACHED(int, f, (SWR_STRUCT(struct p, p)))
{
    return p->x;
}
