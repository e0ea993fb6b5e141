/* Objects whose type is not known here, constant or void; whole declarators as copy and free. */
#include <swrcache.h>
struct opaque;
struct opaque *keep(struct opaque *);
void drop(struct opaque *);
struct opaque *make(int);
SWR_CACHED_OBJECT(struct opaque, f, (SWR_VAL(int, x)), keep, drop)
{
    return make(x);
}
SWR_CACHED_OBJECT(const char, g, (SWR_VAL(int, x)), (const char *), (void))
{
    return x ? "a" : "b";
}
SWR_CACHED_OBJECT(void, h, (SWR_VAL(int, x)), (void *), (void))
{
    return make(x);
}
