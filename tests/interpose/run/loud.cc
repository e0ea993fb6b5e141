// loud.cc - throws for 1, at every call; else tells how often it was asked.
#include <stdexcept>

extern "C" double loud(int n)
{
    static int calls;
    calls++;
    if (n == 1)
        throw std::runtime_error("loud");
    return calls;
}
