/* expect: the parameters of 'f' stand in parentheses of their own */
#include <swrcache.h>

SWR_DECLARE(int, f, SWR_VAL(int, a));
