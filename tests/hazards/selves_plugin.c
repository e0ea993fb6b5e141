/* S14: two functions that are cached by whichever copy of the library is asked to. */
#include <swrcache.h>

int plus(const struct swrcache_api *api, int function, int n);

SWR_CACHED(int, first, (SWR_VAL(int, n)))
{
    return n + 1;
}

SWR_CACHED(int, second, (SWR_VAL(int, n)))
{
    return n + 1;
}

int plus(const struct swrcache_api *api, int function, int n)
{
    struct swrcache_arg arg = {&n, sizeof n};
    int result = 0;
    api->call(function == 0 ? &swrcache_site_first : &swrcache_site_second, &arg, &result);
    return result;
}
