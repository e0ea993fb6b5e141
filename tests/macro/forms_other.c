/* Another file of the same program: uses what it only knows from the header, and annotates one itself. */
#include "forms.h"

#include <stdlib.h>
#include <string.h>

SWR_STATIC_CACHED(int, twice, (SWR_VAL(int, x)))
{
    return 2 * x;
}

int other_file(void)
{
    char *g = greet("you");
    int lo = 0, hi = 0, bad = strcmp(g, "hello you") != 0;

    free(g);
    split(0x30004, &lo, &hi);
    return bad || lo != 4 || hi != 3 || twice(4) != 8 || SWR_UNCACHED(quote)("abc", 2) != 5;
}
