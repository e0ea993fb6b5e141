/* expect: SWR_STRUCT of 'p' takes the type of a structure, .* not 'int' */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_STRUCT(int, p, id)))
{
    return *p;
}
