/* expect: parameter 'int days' of 'quote' needs a kind: SWR_VAL, SWR_STR */
#include <swrcache.h>

SWR_CACHED(double, quote, (SWR_STR(symbol), int days), .ttl_ms = 5)
{
    (void)symbol;
    return days;
}
