/* expect: multiple storage classes in declaration|cannot combine with previous 'static' */
#include <swrcache.h>

static SWR_INVALIDATES(int, f, (void), ("all"))
{
    return 1;
}
