/* host.c - host cached|uncached PLUGIN: knows nothing of swrcache and opens an object that does. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

typedef union {
    void *found;
    int (*of_one)(int);
    int (*of_none)(void);
} function;

int main(int argc, char **argv)
{
    void *plugin = argc > 2 ? dlopen(argv[2], RTLD_NOW | RTLD_LOCAL) : NULL;
    function plugged, runs;
    int wrong = 0, expected;

    if (!plugin || !(plugged.found = dlsym(plugin, "plugged")) ||
        !(runs.found = dlsym(plugin, "plugged_runs"))) {
        printf("cannot open the plugin: %s\n", dlerror());
        return 2;
    }
    for (int i = 0; i < 3; i++)
        wrong += plugged.of_one(7) != 50;
    expected = strcmp(argv[1], "cached") == 0 ? 2 : 6;
    if (wrong || runs.of_none() != expected)
        printf("%d wrong, bodies ran %d times, not %d\n", wrong, runs.of_none(), expected);
    return wrong || runs.of_none() != expected;
}
