/* expect: parameter 'SWR_VAL\(int days\)' of 'f': write SWR_VAL\(type, name\) */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int days)))
{
    return days;
}
