/* expect: target 'region:posts' of 'save' stands in parentheses of its own */
#include <swrcache.h>

SWR_INVALIDATES(int, save, (SWR_VAL(int, id)), ("tag:user:%d", id), region:posts)
{
    return id;
}
