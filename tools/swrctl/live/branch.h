/*
 * branch.h - records whose names nest by their dots, drawn as a tree.
 */
#ifndef SWRCTL_BRANCH_H
#define SWRCTL_BRANCH_H

#include "reply.h"

struct branches {
    const char *field; /* that has the names; NULL: nothing is to be drawn */
    struct branch *list;
    size_t count, room;
};

/*
 * Keeps a copy of the record until the tree is drawn: what a line looks like depends on those that follow.
 * They come process by process, and in the order of a tree.
 */
void branch_keep(struct branches *b, const struct process *p, const struct wire_line *record);

/* Shows each, its name as a branch, and frees all. */
void branch_draw(struct branches *b, reply_record *show, void *cookie);

#endif
