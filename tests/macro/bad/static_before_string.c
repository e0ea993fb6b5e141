/* expect: multiple storage classes in declaration|cannot combine with previous 'static' */
#include <swrcache.h>

static SWR_CACHED_STRING(f, (void))
{
    return NULL;
}
