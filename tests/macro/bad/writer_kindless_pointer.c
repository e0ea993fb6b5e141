/* expect: pointer parameter 'user' needs a kind */
#include <swrcache.h>

SWR_INVALIDATES(int, save, (SWR_VAL(struct user *, user)), ("region:users"))
{
    return user != 0;
}
