// loud.cc - throws for 1, at every call, and for 3 at every call but the first; else tells how often it was
// asked.
#include <atomic>
#include <stdexcept>

static std::atomic<int> calls, threes;

extern "C" int times_asked()
{
    return calls;
}

extern "C" double loud(int n)
{
    calls++;
    if (n == 1 || (n == 3 && threes++ != 0))
        throw std::runtime_error("loud");
    return calls;
}
