/* expect: pointer from integer|expression of type .int */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, x)), .region = 5)
{
    return x;
}
