/* ticking.c - takes a moment for its answer, in which others may close what called it. */
#include <time.h>

int ticking(int n);

int ticking(int n)
{
    const struct timespec moment = {0, 300000};
    nanosleep(&moment, 0);
    return n + 1;
}
