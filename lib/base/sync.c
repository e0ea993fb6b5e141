#include "sync.h"

#include <stddef.h>

#ifdef SWRCACHE_TESTING
void (*_Atomic sync_hook)(const char *point);

void sync_reach(const char *point)
{
    void (*hook)(const char *) = sync_hook;
    if (hook != NULL)
        hook(point);
}
#else
/* ISO C wants a declaration in every file. */
typedef int sync_is_compiled_out;
#endif
