#define _GNU_SOURCE
#include "place.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool join(char path[PATH_MAX], const char *folder, const char *file)
{
    return (size_t)snprintf(path, PATH_MAX, "%s/%s", folder, file) < PATH_MAX && access(path, R_OK) == 0;
}

/* A path without what follows its last slash. */
static void cut(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash)
        *slash = '\0';
}

static bool own_folder(char folder[PATH_MAX])
{
    if (!realpath("/proc/self/exe", folder))
        return false;
    cut(folder);
    return true;
}

bool place_own(const char *file, char path[PATH_MAX])
{
    char folder[PATH_MAX];

    return own_folder(folder) && (join(path, folder, file) || join(path, SWRBENCH_LIBRARIES, file));
}

bool place_runtime(char path[PATH_MAX])
{
    void *attach = dlsym(RTLD_DEFAULT, "swrcache_attach");
    Dl_info info;

    return attach && dladdr(attach, &info) != 0 && realpath(info.dli_fname, path);
}

bool place_beside_runtime(const char *file, char path[PATH_MAX])
{
    char folder[PATH_MAX];

    if (!place_runtime(folder))
        return false;
    cut(folder);
    return join(path, folder, file);
}

bool place_swrctl(char path[PATH_MAX])
{
    char folder[PATH_MAX];

    return own_folder(folder) && (join(path, folder, "../swrctl/swrctl") || join(path, folder, "swrctl"));
}
