/*
 * place.h - where things lie: the installed libraries, and the directory of generated objects.
 */
#ifndef SWRCTL_PLACE_H
#define SWRCTL_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "object/wrapper.h"

enum { PLACE_MAX = 4096 };

/* The library beside this tool, in a build tree or installed: "libswrcache.so.0". False, told on standard
 * error. */
bool place_library(const char *file, char *path);

/*
 * Puts the object where other users' processes can read it too: $SWR_WRAP_DIR, else swrcache-wrap-<uid> in
 * the first of /tmp, /var/tmp, /dev/shm that allows it. A file of its content that is there is used again;
 * those that nobody used for a week are removed. False, told on standard error.
 */
bool place_wrapper(const struct wrapper *w, char *path);

#endif
