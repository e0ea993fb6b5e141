/* expect: argument 2 of 'swrcache_op_f'|incompatible integer to pointer */
/* only a warning: as in any call */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_STR(s)))
{
    return s != 0;
}
int main(void)
{
    return (int)SWR_INVALIDATE(f, 3);
}
