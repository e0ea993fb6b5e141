/*
 * library.h - the functions that a library exports, and what is known of their signatures.
 */
#ifndef SWRCTL_LIBRARY_H
#define SWRCTL_LIBRARY_H

#include "program.h"

struct library_function {
    const char *name; /* in the mapped file */
    uint64_t value;
    bool chosen; /* which code it is shows when it is loaded (IFUNC) */
    unsigned versions;
    char *text; /* its prototype; NULL: not known */
};

struct library {
    char path[4096];
    const char *name; /* its soname, else its file's */
    struct elf_file elf;
    struct library_function *functions; /* by name, each once */
    size_t count, room;
};

/* False: no library for this machine, or it exports no function. */
bool library_open(struct library *library, const char *path);
void library_close(struct library *library);

/* NULL: it exports none of that name. */
struct library_function *library_find(const struct library *library, const char *name);
/* Signatures from debug information, for those that have none. */
void library_debug(struct library *library);

#endif
