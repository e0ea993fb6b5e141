/* expect: write SWR_STR\(name\), without a type */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_STR(const char *, s)))
{
    return s != 0;
}
