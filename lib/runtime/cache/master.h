/*
 * master.h - the end of an entry, and of its master: the object of SWR_CACHED_OBJECT that it holds, of which
 * calls get copies.
 *
 * Objects are released by code of who annotated the function. Where that may be unloaded only a thread that
 * keeps it (registry/home.h) may call it: a worker comes for what has to be released, or whoever unloads it
 * sees to that before.
 */
#ifndef RUNTIME_MASTER_H
#define RUNTIME_MASTER_H

#include "runtime/registry/function.h"

/* How an object is released: by the user's function, out of which nothing comes. Handed down at waking. */
extern void (*master_release)(struct function *f, void *object);

/* An entry is made; `object` NULL: it holds none. */
static inline void master_begin(struct function *f, const void *object)
{
    if (object != NULL)
        atomic_fetch_add(&f->objects, 1);
}
/* Nobody holds the entry any more. No lock may be held. */
void master_end(struct entry *e);

/* A worker's: is there something to be released? Releases it; true: there is more. No lock may be held. */
bool master_wanted(void);
bool master_some(void);

/* The code of `f` goes, and this thread says so: all that waits is released. True: there are others yet. */
bool master_end_all(struct function *f);
/*
 * The same, for an entry that somebody holds who does not look at its value any more. Takes the object out;
 * NULL: there is none.
 */
void *master_take(struct function *f, struct entry *e);

#endif
