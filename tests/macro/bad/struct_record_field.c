/* expect: field 'in' of 'struct p' is a structure and may have padding */
#include <swrcache.h>

struct p {
    struct {
        char a;
        int b;
    } in;
};
SWR_CACHED(int, f, (SWR_STRUCT(struct p, p, in)))
{
    return p->in.a;
}
