/* expect: field 'names' of 'struct p' is a pointer */
#include <swrcache.h>

struct p {
    int n;
    char *names[];
};
SWR_CACHED(int, f, (SWR_STRUCT(struct p, p, n, names)))
{
    return p->n;
}
