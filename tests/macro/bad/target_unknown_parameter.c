/* expect: 'user' undeclared|use of undeclared identifier 'user' */
#include <swrcache.h>

SWR_INVALIDATES(int, save, (SWR_VAL(int, id)), ("tag:user:%d", user))
{
    return id;
}
