/* twin.c - a file with a static function of the name that one in reasons.c has. */
#include <string.h>

#include <swrcache.h>

int call_twin(const char *name, int n);

SWR_STATIC_CACHED(int, twin, (SWR_STR(name), SWR_VAL(int, n)))
{
    return n + (int)strlen(name);
}

int call_twin(const char *name, int n)
{
    return twin(name, n);
}
