/*
 * lookup.h - what all adapters share: ask the next function for a whole record, keep it as an answer, give it
 * out in a caller's buffer or in memory of the library's own.
 *
 *   body of a cached function    lookup_record()    calls the _r function, whatever buffer that takes
 *   adapter with a buffer        lookup_give()      as getpwnam_r() does
 *   adapter without              lookup_lend()      as getpwnam() does
 */
#ifndef NAMES_LOOKUP_H
#define NAMES_LOOKUP_H

#include "answer.h"
#include "lifetime.h"
#include "next.h"
#include "record.h"
#include "register.h"

#include <swrcache.h>

/* One _r function with its key: found is set to `structure` or NULL. */
typedef int lookup_ask(const void *key, void *structure, char *buffer, size_t room, void **found,
                       int *herror);

/* NULL: no memory. Tells the runtime what became of the lookup. */
struct answer *lookup_record(const struct record *record, lookup_ask *ask, const void *key);

/* Both give up the reference to `answer`, which may be NULL. */
int lookup_give(const struct record *record, struct answer *answer, struct errors saved, void *structure,
                char *buffer, size_t room, void **found, int *herror);

/* The memory behind a function that returns a pointer to its own; the next call overwrites it. */
struct lent {
    char *_Atomic buffer;
    _Atomic size_t room;
};
void *lookup_lend(const struct record *record, struct answer *answer, struct errors saved, void *structure,
                  struct lent *lent);

/* Of the functions that libc exports only those here come before libc's. */
#define NAMES_EXPORT __attribute__((visibility("default")))

#endif
