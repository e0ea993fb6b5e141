/* expect: the copy function of 'f' must return a pointer */
#include <swrcache.h>

struct p {
    int x;
};
int copy(struct p *);
void drop(struct p *);
SWR_CACHED_OBJECT(struct p, f, (void), copy, drop)
{
    return 0;
}
