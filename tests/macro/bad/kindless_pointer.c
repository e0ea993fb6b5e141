/* expect: parameter 'const char \*s' of 'f' needs a kind */
#include <swrcache.h>

SWR_CACHED(int, f, (const char *s))
{
    return s != 0;
}
