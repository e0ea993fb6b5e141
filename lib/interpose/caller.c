#define _GNU_SOURCE
#include "interpose.h"
#include "base/origin.h"

#include <dlfcn.h>
#include <errno.h>
#include <fnmatch.h>
#include <link.h>
#include <string.h>

#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 35)
#define HAS_FIND_OBJECT 1
#endif
#endif

#ifdef HAS_FIND_OBJECT
extern __typeof__(_dl_find_object) _dl_find_object __attribute__((weak));
#endif

static const char *file_of(const void *address)
{
#ifdef HAS_FIND_OBJECT
    /* Without a lock, as an exception would ask. */
    struct dl_find_object object;
    if (_dl_find_object != NULL)
        return _dl_find_object((void *)(uintptr_t)address, &object) == 0 ? object.dlfo_link_map->l_name
                                                                         : NULL;
#endif
    Dl_info info;
    return dladdr(address, &info) != 0 ? info.dli_fname : NULL;
}

bool interpose_caller_is(const char *pattern, const void *address)
{
    const char *file = file_of(address);
    if (file == NULL)
        return false;
    if (file[0] == 0)
        file = origin_program();
    const char *slash = strrchr(file, '/');
    return fnmatch(pattern, slash != NULL ? slash + 1 : file, 0) == 0;
}
