/* expect: field 'text' of 'struct p' is an array without a length, and would not be in the key */
#include <swrcache.h>

struct p {
    int n;
    char text[];
};
SWR_CACHED(int, f, (SWR_STRUCT(struct p, p, n, text)))
{
    return p->n;
}
