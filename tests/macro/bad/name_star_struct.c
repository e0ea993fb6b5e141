/* expect: parameter '\*p': write its name alone, the kind makes a pointer of it */
#include <swrcache.h>

struct u {
    int id;
};
SWR_CACHED(int, f, (SWR_STRUCT(struct u, *p, id)))
{
    return p != 0;
}
