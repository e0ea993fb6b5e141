/* expect: applied to a bit-field|to bit-field */
#include <swrcache.h>

struct p {
    unsigned int on : 1;
};
SWR_CACHED(int, f, (SWR_STRUCT(struct p, p, on)))
{
    return p->on;
}
