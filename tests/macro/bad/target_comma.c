/* expect: a comma is missing between the targets .* of 'save' */
#include <swrcache.h>

SWR_EXPIRES(void, save, (SWR_VAL(int, id)), ("tag:user:%d", id) ("region:posts"))
{
    (void)id;
}
