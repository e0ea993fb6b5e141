/* expect: no member named 'z' */
#include <swrcache.h>

struct p {
    int x;
};
SWR_CACHED(int, f, (SWR_STRUCT(struct p, p, z)))
{
    return p->x;
}
