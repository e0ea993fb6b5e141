/*
 * loader.h - objects that the dynamic linker brought, and references that keep one.
 *
 * Only glibc unloads. There it runs an object's destructors with its lock held, once nobody has a reference,
 * and a reference that is taken from then on saves nothing any more.
 */
#ifndef BASE_LOADER_H
#define BASE_LOADER_H

#include <stdbool.h>

struct loader_object {
    const char *path; /* by which it is found again; the linker's own text */
    const void *map;  /* tells it from another that is loaded by the same name later */
};

/* The object that has this address. False: it stays as long as the process, as the program itself does and
 * what it was started with, or nothing is known of it. */
bool loader_find(const void *address, struct loader_object *o);
/* A reference of our own. NULL: it is not there any more. Waits for who loads or unloads just now. */
void *loader_keep(const struct loader_object *o);
/* Gives it back: where it was the last one the object's destructors run, here. */
void loader_let(void *reference);
/* It stays for good. */
void loader_pin(const void *address);

#endif
