#include <swrcache.h>

SWR_DECLARE(int, f, (SWR_VAL(int, x)));
#pragma GCC diagnostic ignored "-Wredundant-decls" /* of the next one alone: the definition is no such */
SWR_DECLARE(int, f, (SWR_VAL(int, x)));
#pragma GCC diagnostic error "-Wredundant-decls"

SWR_CACHED(int, f, (SWR_VAL(int, x)))
{
    return x;
}
