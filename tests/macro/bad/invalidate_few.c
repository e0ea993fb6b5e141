/* expect: too few arguments */
#include <swrcache.h>

SWR_CACHED(int, f, (SWR_VAL(int, x)))
{
    return x;
}
int main(void)
{
    return (int)SWR_INVALIDATE(f);
}
