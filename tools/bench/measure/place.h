/*
 * place.h - where the files lie that swrbench starts or has preloaded: beside it in a build tree, or
 * installed.
 */
#ifndef SWRBENCH_PLACE_H
#define SWRBENCH_PLACE_H

#include <limits.h>
#include <stdbool.h>

/* Of swrbench's own helpers. False: it is not there. */
bool place_own(const char *file, char path[PATH_MAX]);
/* The runtime that this process has, and a library beside it. */
bool place_runtime(char path[PATH_MAX]);
bool place_beside_runtime(const char *file, char path[PATH_MAX]);
/* The swrctl of this tree or this installation. */
bool place_swrctl(char path[PATH_MAX]);

#endif
