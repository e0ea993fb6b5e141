// throw.cc - an exception thrown by a wrapped function reaches its caller, and the call after it computes
// again.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <thread>

extern "C" double loud(int n);
extern "C" int times_asked();

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

// A refresh that throws leaves the old value, and the program, alone.
static int refreshed()
{
    double kept = loud(3);
    for (int i = 0; i < 50; i++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        if (loud(3) != kept)
            return 1;
    }
    std::puts(times_asked() > 2 ? "kept" : "not refreshed");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && std::strcmp(argv[1], "refresh") == 0)
        return refreshed();
    int cleaned = 0;
    int first = ask(1, &cleaned), second = ask(1, &cleaned), third = ask(2, &cleaned),
        fourth = ask(2, &cleaned);
    std::printf("%d %d %d %d, %d cleaned\n", first, second, third, fourth, cleaned);
    return 0;
}
