/* expect: 'f' needs a copy and a free function after its parameters */
#include <swrcache.h>

struct p {
    int x;
};
struct p *copy(struct p *);
SWR_CACHED_OBJECT(struct p, f, (void), copy)
{
    return 0;
}
