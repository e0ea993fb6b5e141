/*
 * dependents.h - who stands on what was invalidated, expired or changed, and what becomes of them.
 *
 * A verb gathers in a ripple what it did to keys, while it holds their shards' locks; ripple_run() then takes
 * its effect to the dependents, and to theirs, with no lock held.
 */
#ifndef RUNTIME_DEPENDENTS_H
#define RUNTIME_DEPENDENTS_H

#include "dependencies.h"

/* Functions of which so many keys are meant at a time that their MARK_ANY need not be gathered with each. */
enum { RIPPLE_FUNCTIONS = 8 };

/* What was done to keys, to be done to those that stand on them: gathered under locks, run without. */
struct ripple {
    enum swrcache_operation operation; /* INVALIDATE or EXPIRE */
    uint64_t *ids;
    size_t count, room;
    size_t direct; /* so many of them at the start count as reached */
    size_t begun;  /* so many of them are done or amid it */
    bool lost;     /* no memory: everything that stands on anything is meant */
    struct {
        uint64_t id;
        size_t at;           /* where it stands in `ids` */
    } any[RIPPLE_FUNCTIONS]; /* the last of each function, by its number */
};
void ripple_key(struct ripple *r, struct function *f, uint64_t hash);
void ripple_whole(struct ripple *r, struct function *f);
void ripple_tag(struct ripple *r, const char *tag);
/*
 * For verbs that took the matching keys of `f` from the table: who stands on a key that matches, or that is
 * not there any more and might have. `match` NULL: of those that are there none does.
 */
void ripple_match(struct ripple *r, struct function *f, cache_match *match, void *cookie);
/* No lock held. Entries reached by what counts. Frees what was gathered. */
size_t ripple_run(struct ripple *r);

/*
 * After an entry was stored: those that saw another value of that key expire. `about_to` with the shard
 * locked that the entry is stored under; false: nobody stands on it. `stored` after that, no lock held.
 */
bool dependents_about_to(struct function *f);
void dependents_stored(struct function *f, struct entry *e, bool replaced);
/* In a fork's child: what threads that it does not have were about to tell. No lock of the cache held. */
void dependents_tell_left(void);

#endif
