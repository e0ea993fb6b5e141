/* load.c - knows no library but the plugin it loads; W when its second call is answered from memory. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    void *plugin = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    double (*call)(void) = plugin != NULL ? (double (*)(void))dlsym(plugin, "plugin") : NULL;
    if (call == NULL)
        return 1;
    double first = call();
    puts(first == call() ? "W" : "-");
    return 0;
}
