#define _GNU_SOURCE
#include "calm.h"

#include <sys/resource.h>

static long taken(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : 0;
}

void calm_start(struct calm *calm)
{
    *calm = (struct calm){.taken = taken()};
}

void calm_slow(struct calm *calm, uint64_t ns)
{
    long now = taken();

    if (ns > calm->worst)
        calm->worst = ns;
    if (now == calm->taken && ns > calm->undisturbed)
        calm->undisturbed = ns;
    calm->taken = now;
}
