/*
 * closing.c - opens a plugin, calls it, and closes it at once, while a refresh of what it called is queued or
 * runs; again and again. usage: closing PLUGIN
 */
#include <dlfcn.h>
#include <stdio.h>
#include <time.h>

enum { TIMES = 300 };

int main(int argc, char **argv)
{
    const struct timespec pause = {0, 1100000};
    int right = 0;
    for (int i = 0; i < TIMES && argc > 1; i++) {
        void *plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        int (*call)(int) = plugin != NULL ? (int (*)(int))dlsym(plugin, "plugin") : NULL;
        if (call == NULL) {
            puts(dlerror());
            return 1;
        }
        right += call(i % 3) == i % 3 + 1;
        nanosleep(&pause, NULL); /* it is stale now */
        call(i % 3);
        dlclose(plugin);
    }
    printf("%d right\n", right);
    return 0;
}
