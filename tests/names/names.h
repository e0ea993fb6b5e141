/* names.h - what the programs of this directory share that move time: the runtime's table, and checks. */
#ifndef TEST_NAMES_H
#define TEST_NAMES_H

#include <dlfcn.h>
#include <stdio.h>

#include <swrcache/abi.h>

#include "../process.h"

static const struct swrcache_api *api;
static int failures;

#define CHECK(what)                                                                                          \
    do {                                                                                                     \
        if (!(what)) {                                                                                       \
            failures++;                                                                                      \
            fprintf(stderr, "FAILED: line %d: %s\n", __LINE__, #what);                                       \
        }                                                                                                    \
    } while (0)

static inline void find_runtime(void)
{
    swrcache_attach_fn *attach;
    *(void **)&attach = dlsym(RTLD_DEFAULT, "swrcache_attach");
    api = attach != NULL ? attach(SWRCACHE_ABI) : NULL;
}

#endif
