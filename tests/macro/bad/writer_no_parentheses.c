/* expect: the parameters of 'save' stand in parentheses of their own */
#include <swrcache.h>

SWR_INVALIDATES(void, save, SWR_VAL(int, id), ("tag:user:%d", id))
{
    (void)id;
}
