/* expect: target \(id\) of 'save' begins with a string */
/* lines: 120 */
#include <swrcache.h>

SWR_INVALIDATES(int, save, (SWR_VAL(int, id)), (id))
{
    return id;
}
