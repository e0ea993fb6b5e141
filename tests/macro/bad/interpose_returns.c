/* expect: returns a pointer: use SWR_CACHED_STRING */
#include <swrcache.h>

SWR_INTERPOSE(const char *, lookup, (SWR_VAL(int, id)));
