/*
 * debug.h - what a library's debug information says of its functions, as C prototypes in the words of the
 * language of declarations (type.def): its parser decides what of them can be carried.
 */
#ifndef SWRCTL_DEBUG_H
#define SWRCTL_DEBUG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Calls visit() for each with where it begins, its result, "f64", and its parameters, "(const char *symbol,
 * i32 days)". Looks in the file, and where packages of debug information put theirs. False: there is none.
 */
typedef void debug_visit(uint64_t address, const char *result, const char *parameters, void *cookie);
bool debug_functions(const char *path, debug_visit *visit, void *cookie);

#endif
