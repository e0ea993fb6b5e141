/* expect: 'quote_t' undeclared|undeclared identifier 'quote_t' */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(quote_t, a)))
{
    return a != 0;
}
