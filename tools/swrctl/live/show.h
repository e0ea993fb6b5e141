/*
 * show.h - records as JSON lines, as a table, or as a name and a value a line.
 */
#ifndef SWRCTL_SHOW_H
#define SWRCTL_SHOW_H

#include "branch.h"

struct json_t;

struct view {
    bool json;
    bool many;                  /* several processes: say which */
    const char *const *columns; /* NULL ends them; NULL itself: a name and a value a line */
    size_t records;
    struct table *table;   /* rows not printed yet */
    const char *within;    /* in JSON: records of this field are an array in the object before; NULL: none */
    struct json_t *object; /* that one, not printed yet */
    struct branches branches; /* with a field: records are drawn as a tree, but not in JSON */
};

/* A reply_record; cookie: the view. */
void show_record(const struct process *p, struct wire_line *record, void *cookie);
/* Prints what is kept back. */
void show_end(struct view *v);

#endif
