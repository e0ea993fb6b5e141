/* expect: field 'text' of 'struct p' is an array without a length */
#include <swrcache.h>

struct p {
    int n;
    char text[0];
};
SWR_CACHED(int, f, (SWR_STRUCT(struct p, p, text)))
{
    return p->n;
}
