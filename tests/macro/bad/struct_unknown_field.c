/* expect: no member named 'z' */
/* lines: 500: the compiler says it for each use */
#include <swrcache.h>

struct p {
    int x;
};
SWR_CACHED(int, f, (SWR_STRUCT(struct p, p, z)))
{
    return p->x;
}
