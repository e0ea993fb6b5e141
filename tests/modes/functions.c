/* functions.c - cached functions that other files call. */
#include "shared.h"

#include <stdio.h>
#include <stdlib.h>

int twice_runs, greeting_runs;

SWR_CACHED(int, twice, (SWR_VAL(int, x)))
{
    twice_runs++;
    return 2 * x;
}

SWR_CACHED_STRING(greeting, (SWR_STR(name)))
{
    char *text = malloc(64);
    greeting_runs++;
    if (text)
        snprintf(text, 64, "hello, %s", name);
    return text;
}
