/*
 * symbol.h - finding a function in the objects of this process by reading their tables.
 *
 * Not by dlsym(): that is itself wrapped, may allocate, leaves a text for the host's dlerror(), waits for the
 * dynamic linker's lock, and from a plugin's private library finds nothing or the caller itself.
 */
#ifndef INTERPOSE_SYMBOL_H
#define INTERPOSE_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol_query {
    const char *name, *version, *library; /* version, library NULL: any */
    const void *after;                    /* an address in the object that asks: it is never the answer */
};

struct symbol_answer {
    void *address;
    const char *object; /* file name of where it is, NULL: none */
    bool may_go;        /* the object was loaded at run time and may be unloaded */
};

/* The next definition after the object that asks, else one before it. False: nobody defines it. */
bool symbol_find(const struct symbol_query *query, struct symbol_answer *answer);

#endif
