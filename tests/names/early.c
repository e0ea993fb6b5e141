/*
 * early.c - a library whose constructor looks a name up: preloaded behind the runtime its constructor runs
 * before those of the preset, loaded later it runs amid dlopen().
 */
#include <pwd.h>
#include <stddef.h>

extern int swrcache_test_found;
int swrcache_test_found;

__attribute__((constructor)) static void look(void)
{
    swrcache_test_found = getpwuid(20000) != NULL && getpwnam("no such user") == NULL;
}
