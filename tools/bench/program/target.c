#include "target.h"

#include <string.h>

#include <swrcache.h>

#include "measure/bench.h"

static int64_t of_text(const char *key)
{
    int64_t word;

    memcpy(&word, key + KEY_BYTES - sizeof word, sizeof word);
    return word;
}

int64_t swrbench_plain(int64_t key)
{
    return key ^ INT_MIX;
}

int64_t swrbench_wrapped(int64_t key)
{
    return key ^ INT_MIX;
}

SWR_CACHED(int64_t, swrbench_annotated, (SWR_VAL(int64_t, key)), .ttl_ms = SWR_HOURS(1))
{
    return key ^ INT_MIX;
}

int64_t swrbench_plain_text(const char *key)
{
    return of_text(key);
}

int64_t swrbench_wrapped_text(const char *key)
{
    return of_text(key);
}

SWR_CACHED(int64_t, swrbench_annotated_text, (SWR_STR(key)), .ttl_ms = SWR_HOURS(1))
{
    return of_text(key);
}
