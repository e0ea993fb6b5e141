/* main.c - main cached|uncached: counts how often bodies run, and fails when it is not as often as that
 * means. */
#include "shared.h"

#include <stdio.h>
#include <string.h>

static int local_runs, failures;

SWR_STATIC_CACHED(int, local, (SWR_VAL(int, x)))
{
    local_runs++;
    return x + 1;
}

static void expect(const char *what, int found, int expected)
{
    if (found == expected)
        return;
    printf("%s: %d, not %d\n", what, found, expected);
    failures++;
}

int main(int argc, char **argv)
{
    int cached = argc > 1 && strcmp(argv[1], "cached") == 0, wrong = 0;

    for (int i = 0; i < 3; i++)
        wrong += twice(21) != 42 || local(1) != 2;
    wrong += other_calls(3);
    expect("wrong results", wrong, 0);
    expect("runs of a function used by two files", twice_runs, cached ? 1 : 6);
    expect("runs of a string function", greeting_runs, cached ? 1 : 3);
    expect("runs of a static function", local_runs, cached ? 1 : 3);
    expect("runs of its namesake in another file", other_local_runs(), cached ? 1 : 3);

    twice(22);
    expect("entries that another file invalidated", other_invalidates(), cached);
    twice(21);
    twice(22);
    expect("runs after that", twice_runs, cached ? 3 : 9);

    struct swrcache_info info;
    twice(21);
    swrcache_last(&info);
    expect("outcome", (int)info.outcome, (int)(cached ? SWR_HIT : SWR_BYPASS));
#ifdef PLUGIN
    for (int i = 0; i < 3; i++)
        wrong += plugged(7) != 50;
    expect("wrong results of a shared object", wrong, 0);
    expect("runs in a shared object", plugged_runs(), cached ? 2 : 6);
#endif
    return failures != 0;
}
