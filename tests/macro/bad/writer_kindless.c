/* expect: parameter 'int id' of 'save' needs a kind */
#include <swrcache.h>

SWR_INVALIDATES(int, save, (int id), ("tag:user:%d", id))
{
    return id;
}
