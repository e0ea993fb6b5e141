/* Ordinary names of parameters never meet those inside an expansion. */
#include <swrcache.h>

#include <stddef.h>

struct policy {
    int args, params;
};

SWR_DECLARE(int, first, (SWR_VAL(int, key), SWR_VAL(int, k), SWR_VAL(int, n), SWR_VAL(int, i)));

SWR_CACHED(int, first, (SWR_VAL(int, key), SWR_VAL(int, k), SWR_VAL(int, n), SWR_VAL(int, i)))
{
    return key + k + n + i;
}

SWR_CACHED(int, second,
           (SWR_VAL(int, hash), SWR_OPAQUE(void *, self), SWR_OUT(int, result),
            SWR_STRUCT(struct policy, args, args, params)))
{
    *result = hash;
    return self != NULL && args != NULL;
}

SWR_CACHED_VOID(third, (SWR_STR(site), SWR_BYTES(api, f), SWR_VAL(size_t, f), SWR_OUT_BYTES(t, e),
                        SWR_VAL(size_t, e)))
{
    for (size_t at = 0; at < e; at++)
        ((char *)t)[at] = site != NULL && api != NULL ? 'x' : (char)f;
}

SWR_CACHED_STRING(fourth, (SWR_VAL(int, fn), SWR_VAL(int, list), SWR_VAL(int, ret), SWR_VAL(int, params),
                           SWR_VAL(int, name), SWR_VAL(int, verb), SWR_VAL(int, data), SWR_VAL(int, size),
                           SWR_VAL(int, a), SWR_VAL(int, b), SWR_VAL(int, c), SWR_VAL(int, p)))
{
    return fn + list + ret + params + name + verb + data + size + a + b + c + p > 0 ? NULL : NULL;
}

int second_peeked(int *result);
int second_peeked(int *result)
{
    int out = 0;
    struct policy args = {1, 2};
    SWR_INVALIDATE(second, 1, NULL, &out, &args);
    SWR_EXPIRE(third, "x", "y", 1, NULL, 0);
    return SWR_PEEK(second, result, 1, NULL, &out, &args) && SWR_UNCACHED(first)(1, 2, 3, 4);
}
