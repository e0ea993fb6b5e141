/* expect: incompatible (pointer type|function pointer types)|from incompatible */
#include <swrcache.h>

static size_t by_day(const char *city)
{
    return city != 0;
}
SWR_CACHED(int, f, (SWR_STR(city)), .key = by_day)
{
    return city != 0;
}
