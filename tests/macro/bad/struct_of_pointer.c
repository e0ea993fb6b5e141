/* expect: SWR_STRUCT of 'p' takes the type of a structure, of which it makes a pointer, not 'struct u \*' */
#include <swrcache.h>

struct u {
    int id;
};
SWR_CACHED(int, f, (SWR_STRUCT(struct u *, p, id)))
{
    return p->id;
}
