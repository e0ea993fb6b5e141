#include <swrcache.h>

#include <stdint.h>

SWR_CACHED(int, f,
           (SWR_BYTES(a, n), SWR_VAL(uint8_t, n), SWR_OUT_BYTES(b, m), SWR_VAL(size_t, m), SWR_BYTES(c, k),
            SWR_VAL(long long, k)))
{
    return a == b && b == c && n == m && k == 1;
}
