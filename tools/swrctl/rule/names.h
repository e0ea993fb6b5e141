/*
 * names.h - names that are found again in the same time, however many there are; each with words that it
 * stands for.
 */
#ifndef SWRCTL_NAMES_H
#define SWRCTL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct name {
    char *text, *words; /* `words` NULL: it stands for itself */
    size_t next;        /* of the same bucket, its place + 1 */
};

/* {0} is empty. */
struct names {
    struct name *list; /* as they came */
    size_t count, room;
    size_t *buckets, nbuckets;
};

/* The name of `len` bytes, as it was put in last; NULL: it is not there. */
const struct name *names_find(const struct names *names, const char *text, size_t len);
/* Copies both. False: the name was there already, and has these words now. */
bool names_put(struct names *names, const char *text, size_t len, const char *words);
void names_free(struct names *names);

#endif
