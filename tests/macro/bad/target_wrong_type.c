/* expect: format.* 'char \*' */
/* only a warning: as in any call */
#include <swrcache.h>

SWR_INVALIDATES(int, save, (SWR_VAL(int, id)), ("tag:user:%s", id))
{
    return id;
}
