#ifndef IN_HEADER_H
#define IN_HEADER_H

#include <swrcache.h>

/* Not every file that includes this calls them. */
SWR_STATIC_CACHED(int, in_header, (SWR_VAL(int, x)))
{
    return x;
}

SWR_STATIC_CACHED_STRING(string_in_header, (void))
{
    return NULL;
}

SWR_STATIC_CACHED_VOID(out_in_header, (SWR_OUT(int, x)))
{
    *x = 1;
}

SWR_STATIC_INVALIDATES(int, writer_in_header, (SWR_VAL(int, x)), ("in_header(%d)", x))
{
    return x;
}

#endif
