/* expect: 'save' names no target: after the parameters */
#include <swrcache.h>

SWR_INVALIDATES(int, save, (SWR_VAL(int, id)))
{
    return id;
}
