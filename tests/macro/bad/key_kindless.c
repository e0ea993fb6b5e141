/* expect: parameter 'int days' of 'by_day' needs a kind */
#include <swrcache.h>

SWR_KEY(by_day, (int days), buffer, room)
{
    (void)buffer;
    return room + (size_t)days;
}
