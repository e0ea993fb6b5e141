// throw.cc - an exception thrown by a wrapped function reaches its caller, and the call after it computes
// again.
#include <cstdio>
#include <cstring>
#include <stdexcept>

extern "C" double loud(int n);

struct noted {
    int *count;
    ~noted()
    {
        ++*count;
    }
};

static int ask(int n, int *cleaned)
{
    noted here{cleaned};
    try {
        noted inside{cleaned};
        return (int)loud(n);
    } catch (const std::runtime_error &e) {
        return std::strcmp(e.what(), "loud") == 0 ? -1 : -2;
    }
}

int main()
{
    int cleaned = 0;
    int first = ask(1, &cleaned), second = ask(1, &cleaned), third = ask(2, &cleaned),
        fourth = ask(2, &cleaned);
    std::printf("%d %d %d %d, %d cleaned\n", first, second, third, fourth, cleaned);
    return 0;
}
