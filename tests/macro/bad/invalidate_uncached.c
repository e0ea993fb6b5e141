/* expect: 'swrcache_op_f' undeclared|undeclared identifier 'swrcache_op_f' */
#include <swrcache.h>

int f(int x);
int f(int x)
{
    return x;
}
int main(void)
{
    return (int)SWR_INVALIDATE(f, 3);
}
