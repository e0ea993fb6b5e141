#define _GNU_SOURCE
/* children.c - `swrctl run --no-children`: what this program starts is to be started without us. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NO_CHILDREN "SWR_NO_CHILDREN="
#define PRELOAD     "LD_PRELOAD="

static void take_out(char **variable)
{
    for (; *variable != NULL; variable++)
        variable[0] = variable[1];
}

static char **find(const char *name)
{
    char **e = environ;
    while (e != NULL && *e != NULL && strncmp(*e, name, strlen(name)) != 0)
        e++;
    return e != NULL && *e != NULL ? e : NULL;
}

/*
 * The variable says how many of the first entries of LD_PRELOAD are ours. In place and without allocating:
 * the host's allocator may be in another preloaded library, which is not awake yet.
 */
__attribute__((constructor)) static void leave_environment(void)
{
    char **mark = find(NO_CHILDREN), **preload;
    if (mark == NULL)
        return;
    long ours = strtol(*mark + sizeof NO_CHILDREN - 1, NULL, 10);
    take_out(mark);
    preload = find(PRELOAD);
    if (preload == NULL)
        return;
    char *list = *preload + sizeof PRELOAD - 1, *rest = list;
    for (; ours > 0 && *rest != 0; ours--) {
        rest += strcspn(rest, " :");
        rest += strspn(rest, " :");
    }
    memmove(list, rest, strlen(rest) + 1);
    if (*list == 0)
        take_out(preload);
}
