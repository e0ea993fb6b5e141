/* load OBJECT [fake]: runs the main of a dlopened object that has annotations of its own; so has this
 * program. */
#include <swrcache.h>

#include <dlfcn.h>
#include <stdio.h>

SWR_STATIC_CACHED(int, mine, (SWR_VAL(int, x)))
{
    return x + 1;
}

int main(int argc, char **argv)
{
    union {
        void *found;
        int (*run)(int, char **);
    } it;
    void *handle = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    int *enrolled = dlsym((void *)0, "fake_enrolled"), *calls = dlsym((void *)0, "fake_calls");

    if (!handle || !(it.found = dlsym(handle, "main"))) {
        puts(dlerror());
        return 1;
    }
    if (mine(1) != 2 || (argc > 2) != (enrolled != NULL))
        return 1;
    if (enrolled) {
        if (*enrolled != 12 || *calls != 1) /* ours and theirs */
            return 1;
        *enrolled = 11;
        *calls = 0;
    }
    return it.run(argc - 1, argv + 1);
}
