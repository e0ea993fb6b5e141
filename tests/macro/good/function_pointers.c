#include <swrcache.h>

struct ops {
    int (*get)(int);
};

/* Handed on: pointers to functions of any kind, at any place. */
SWR_CACHED(int, f,
           (SWR_OPAQUE(void (*)(void), done), SWR_VAL(int, x), SWR_OPAQUE(int (*)(int, const char *), get),
            SWR_OPAQUE(const struct ops *, ops), SWR_OPAQUE(void (*)(void *), last)))
{
    done();
    last(NULL);
    return get(x, "") + ops->get(x);
}
SWR_DECLARE_VOID(g, (SWR_OPAQUE(void (*)(int *), call), SWR_OUT(int, x)));
SWR_CACHED_VOID(g, (SWR_OPAQUE(void (*)(int *), call), SWR_OUT(int, x)))
{
    call(x);
}
SWR_INVALIDATES(void, h, (SWR_OPAQUE(void (*)(void), call)), ("f"))
{
    call();
}
