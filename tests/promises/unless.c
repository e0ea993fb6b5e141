/*
 * unless: asked at every call, also of what is remembered, fresh and was a hit a moment ago: while it says so
 * the function itself answers, and what it gives is not kept. For each way in which hits find an entry.
 */
#include "promise.h"

static _Atomic int bodies, world = 1;
static _Atomic bool off;

static bool is_off(void)
{
    return off;
}

#define POLICY .ttl_ms = SWR_FOREVER, .unless = is_off

SWR_CACHED(int, half, (SWR_VAL(int, n)), POLICY)
{
    bodies++;
    return world + n;
}

SWR_CACHED(long, word, (SWR_VAL(long, n)), POLICY)
{
    bodies++;
    return world + n;
}

SWR_CACHED(long, text, (SWR_STR(of)), POLICY)
{
    bodies++;
    return world + (long)strlen(of) - 7;
}

SWR_CACHED(int, several, (SWR_VAL(int, n), SWR_STR(of)), POLICY)
{
    bodies++;
    return world + n + (int)strlen(of) - 4;
}

static int of_half(void)
{
    return half(0);
}

static int of_word(void)
{
    return (int)word(0);
}

static int of_text(void)
{
    return (int)text("seventh");
}

static int of_several(void)
{
    return several(0, "four");
}

static int (*const kinds[])(void) = {of_half, of_word, of_text, of_several};

int main(void)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        bodies = 0;
        world = 1;
        CHECK(kinds[i]() == 1 && outcome() == SWR_MISS);
        for (int n = 0; n < 3; n++)
            CHECK(kinds[i]() == 1 && outcome() == SWR_HIT);
        CHECK(bodies == 1);
        off = true;
        world = 2;
        for (int n = 0; n < 3; n++)
            CHECK(kinds[i]() == 2 && outcome() == SWR_BYPASS);
        CHECK(bodies == 4);
        off = false;
        CHECK(kinds[i]() == 1 && outcome() == SWR_HIT); /* as it was: nothing of that was kept */
        CHECK(bodies == 4);
    }
    return finish("unless");
}
