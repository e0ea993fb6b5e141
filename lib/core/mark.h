/*
 * mark.h - what entries go by besides their keys: their tags, and what they were computed from.
 *
 *   entry:   | ... | value | struct mark_set: link, link, ... | texts |
 *                                |      |
 *   index:   mark "tag user:42" -o      |        one node for each mark that some entry has,
 *            mark "key 7f.. of f2" -----o        its links in a list
 *
 * An entry's links are made before the entry goes into the table and unmade when it leaves it, both with the
 * table's shard locked; the index has locks of its own inside those. What cannot be found by a list, because
 * it is being computed, is found by fence.h.
 */
#ifndef CORE_MARK_H
#define CORE_MARK_H

#include "entry.h"

enum mark_kind {
    MARK_TAG = 1,
    MARK_KEY,   /* computed from this key of a function */
    MARK_ANY,   /* from so many keys of a function that each of them counts */
    MARK_WHOLE, /* from some key of a function: for what is done to all of it */
};

struct mark_name {
    uint64_t id;
    uint64_t hash;   /* KEY: of the key */
    uint64_t digest; /* KEY: of the value that was seen; 0: not known */
    uint32_t function;
    uint32_t kind;
    const char *text; /* TAG: its name; else NULL */
};

struct mark_name mark_tag(const char *text);
struct mark_name mark_key(uint32_t function, uint64_t hash);
struct mark_name mark_any(uint32_t function);
struct mark_name mark_whole(uint32_t function);

struct mark;

struct mark_link {
    struct mark *mark;             /* NULL: not in the index */
    struct mark_link *prev, *next; /* the index's lock */
    struct entry *entry;           /* NULL: a walker's place in the list */
    struct mark_name name;
};

struct mark_set {
    uint32_t count;
    uint32_t bytes; /* of all this, texts included */
    struct mark_link links[];
};

/* Room for the names behind an entry's value; and the entry that has it. */
size_t mark_room(const struct mark_name *names, uint32_t count);
void mark_fill(struct entry *e, const struct mark_name *names, uint32_t count);
/* NULL: it has none. */
struct mark_set *mark_set_of(const struct entry *e);

/* The entry's shard locked. False: no memory, nothing is linked. */
bool mark_link(struct entry *e);
void mark_unlink(struct entry *e);

/*
 * Shows every entry that has the mark, with a reference that `visit` takes over, and no lock held. Entries
 * linked meanwhile may be missed: fence first. `digest`: of the value its computation saw.
 */
void mark_walk(uint64_t id, void (*visit)(struct entry *e, uint64_t digest, void *cookie), void *cookie);
/* In a fork's child, alone: walks of threads that it does not have are over. */
void mark_fork_child(void);
/* How many entries have the mark. */
uint32_t mark_count(uint64_t id);
/* A walk over the tags in use; {0} is its beginning. */
struct mark_place {
    uint32_t shard;
    size_t bucket;
};
/* Shows the next few, under a lock of the index; false: there are no more. */
bool mark_some_tags(struct mark_place *p, void (*visit)(const char *text, uint32_t entries, void *cookie),
                    void *cookie);

#endif
