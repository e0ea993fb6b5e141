/* expect: parameter 'const char \*s' of 'lookup' needs a kind */
#include <swrcache.h>

SWR_INTERPOSE(int, lookup, (const char *s, SWR_VAL(int, id)));
