/* expect: field 'rows' of 'struct p' is an array without a length */
#include <swrcache.h>

struct p {
    int n;
    int rows[][4];
};
SWR_CACHED(int, f, (SWR_STRUCT(struct p, p, rows)))
{
    return p->n;
}
