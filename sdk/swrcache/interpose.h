/*
 * interpose.h - shims: a function of a library that is not yours, cached in programs that are not yours.
 *
 *   #include <swrcache.h>
 *   SWR_INTERPOSE(double, price, (SWR_STR(symbol), SWR_VAL(int, days)), .ttl_ms = SWR_SECONDS(20));
 *
 *   cc -shared -fPIC shim.c -o shim.so
 *   LD_PRELOAD="$PWD/shim.so libswrcache.so.0" program
 *
 * As SWR_CACHED and its forms, but without a body: the next definition of that name is the function. It is
 * looked for at the first call, behind the shim by RTLD_NEXT; where a plugin brought it in a scope of its
 * own, in every loaded object. The shim itself is never the answer. Without a runtime the shim calls on.
 *
 * Do not include the library's own header with it: the prototype that the annotation makes may be spelt
 * differently.
 */
#ifndef SWRCACHE_INTERPOSE_H
#define SWRCACHE_INTERPOSE_H

#pragma GCC system_header

#include "define.h"

#include <dlfcn.h>
#include <link.h>

#define SWRCACHE_LINK_INTERPOSE  __attribute__((visibility("default")))
#define SWRCACHE_AUX_INTERPOSE   static __attribute__((unused))
#define SWRCACHE_FLAGS_INTERPOSE SWRCACHE_SITE_INTERPOSED

/* NULL: nobody defines it. `self` is the shim's own. */
static inline __attribute__((unused)) void *swrcache_next_(const char *name, const void *self)
{
    void *program, *object, *found = dlsym((void *)-1L /* RTLD_NEXT */, name);
    struct link_map *map;

    if (found && found != self)
        return found;
    program = dlopen((const char *)0, RTLD_LAZY);
    for (map = (struct link_map *)program; map; map = map->l_next) {
        if (!map->l_name || !map->l_name[0])
            continue;
        object = dlopen(map->l_name, RTLD_LAZY | RTLD_NOLOAD);
        if (!object)
            continue;
        found = dlsym(object, name);
        dlclose(object);
        if (found && found != self)
            break;
        found = (void *)0;
    }
    dlclose(program);
    return found;
}

/* The body: what GOOD is for annotations, so that a mistake in one is told once. */
#define SWRCACHE_NEXT_GOOD(ret, fn, list, give)                                                              \
    {                                                                                                        \
        static __typeof__(ret) (*swrcache_real)(SWRCACHE_PARAMS(list));                                      \
        union {                                                                                              \
            void *found;                                                                                     \
            __typeof__(ret) (*call)(SWRCACHE_PARAMS(list));                                                  \
            void *self;                                                                                      \
        } swrcache_door;                                                                                     \
        swrcache_door.call = __atomic_load_n(&swrcache_real, __ATOMIC_ACQUIRE);                              \
        if (__builtin_expect(!swrcache_door.found, 0)) {                                                     \
            swrcache_door.call = fn;                                                                         \
            swrcache_door.found = swrcache_next_(#fn, swrcache_door.self);                                   \
            __atomic_store_n(&swrcache_real, swrcache_door.call, __ATOMIC_RELEASE);                          \
        }                                                                                                    \
        give swrcache_door.call(SWRCACHE_NAMES(list));                                                       \
    }
#define SWRCACHE_NEXT_BAD(ret, fn, list, give)                                                               \
    {                                                                                                        \
        __builtin_trap();                                                                                    \
    }
#define SWRCACHE_NEXT_MANY(ret, fn, list, give)  SWRCACHE_NEXT_BAD(ret, fn, list, give)
#define SWRCACHE_NEXT_VOID(ret, fn, list, give)  SWRCACHE_NEXT_BAD(ret, fn, list, give)
#define SWRCACHE_NEXT_LOOSE(ret, fn, list, give) SWRCACHE_NEXT_BAD(ret, fn, list, give)
#define SWRCACHE_NEXT(status, ...)               SWRCACHE_NEXT_(status, __VA_ARGS__)
#define SWRCACHE_NEXT_(status, ...)              SWRCACHE_NEXT_##status(__VA_ARGS__)

/* They end with a semicolon, as declarations do. */
#define SWRCACHE_END _Static_assert(1, "")

/* The forms: as SWR_CACHED, SWR_CACHED_STRING, SWR_CACHED_OBJECT, SWR_CACHED_VOID. */
#define SWR_INTERPOSE(ret, name, params, ...)                                                                \
    SWRCACHE_VALUE(INTERPOSE, ret, #ret, name, params, ##__VA_ARGS__, )                                      \
    SWRCACHE_NEXT(SWRCACHE_STATUS(ret, params), ret, name, params, return ) SWRCACHE_END
#define SWR_INTERPOSE_STRING(name, params, ...)                                                              \
    SWRCACHE_STRING(INTERPOSE, name, params, ##__VA_ARGS__, )                                                \
    SWRCACHE_NEXT(SWRCACHE_STATUS_OF_PARAMS(params), char *, name, params, return ) SWRCACHE_END
#define SWR_INTERPOSE_OBJECT(type, name, params, copy, ...)                                                  \
    SWRCACHE_OBJECT(INTERPOSE, __typeof__(type) *, #type " *", name, params, copy, __VA_ARGS__, )            \
    SWRCACHE_NEXT(SWRCACHE_STATUS_OF_PARAMS(params), __typeof__(type) *, name, params, return ) SWRCACHE_END
#define SWR_INTERPOSE_VOID(name, params, ...)                                                                \
    SWRCACHE_VOID(INTERPOSE, name, params, ##__VA_ARGS__, )                                                  \
    SWRCACHE_NEXT(SWRCACHE_STATUS_OF_PARAMS(params), void, name, params, ) SWRCACHE_END

#endif
