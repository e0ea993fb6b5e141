#include "leak.h"

/* Of the leak sanitizer, alone or as part of the address sanitizer, where the program has it. */
void __lsan_register_root_region(const void *at, size_t size) __attribute__((weak));
void __lsan_unregister_root_region(const void *at, size_t size) __attribute__((weak));

void leak_root(const void *at, size_t size)
{
    if (__lsan_register_root_region != NULL && __lsan_unregister_root_region != NULL)
        __lsan_register_root_region(at, size);
}

void leak_root_ends(const void *at, size_t size)
{
    if (__lsan_register_root_region != NULL && __lsan_unregister_root_region != NULL)
        __lsan_unregister_root_region(at, size);
}
