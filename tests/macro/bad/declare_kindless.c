/* expect: parameter 'int x' of 'f' needs a kind */
#include <swrcache.h>

SWR_DECLARE(int, f, (int x));
