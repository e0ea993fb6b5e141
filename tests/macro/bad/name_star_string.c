/* expect: parameter '\*p': write its name alone */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_STR(*p)))
{
    return p != 0;
}
