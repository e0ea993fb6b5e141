#include "in_header.h"

SWR_CACHED(int, beside, (void))
{
    return in_header(1);
}
