/*
 * reach.h - whether a program's calls of a function can be reached, from its files.
 */
#ifndef SWRCTL_REACH_H
#define SWRCTL_REACH_H

#include "rule/declaration.h"
#include "program.h"

enum { REACH_OBJECTS = 256 };

struct reach_object {
    char path[4096];
    const char *file; /* its last part */
    struct elf_file elf;
};

/* The program, and the libraries it starts with as the dynamic linker finds them. */
struct reach {
    struct reach_object *objects;
    size_t count;
};

/* False: the dynamic linker does not say, `why` holds its reason. */
bool reach_start(struct reach *reach, const char *program, char *why, size_t room);
void reach_end(struct reach *reach);

/*
 * False: calls of this function are not reached, `why` says why. `note` (NULL: not wanted) is told the rest,
 * a line each: who defines it, who calls it, and which calls are missed.
 */
bool reach_rule(const struct reach *reach, const struct declaration *d, char *why, size_t room,
                void (*note)(const char *line));

/*
 * True: the rule contradicts nothing, but reaches nothing either, `why` says why: the program keeps the
 * function to itself, or neither it nor what it starts with has it or calls it, and it neither loads nor
 * starts anything.
 */
bool reach_nothing(const struct reach *reach, const struct declaration *d, char *why, size_t room);

#endif
