/* expect: the step of 'x' must be more than nothing, not -0.5 */
#include <swrcache.h>

SWR_CACHED(double, f, (SWR_QUANTISED(double, x, -0.5)))
{
    return x;
}
