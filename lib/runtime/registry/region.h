/*
 * region.h - regions: dot-separated names that nest, with settings that functions beneath them inherit,
 * events they listen to, and a dictionary each at need.
 *
 * A region is kept by whoever holds it: the regions beneath it, its functions, whoever configured it (for
 * good), its dictionary's entries and what stands on them, and who is just using it. One that nobody holds is
 * given back when others are made: region_take_unused().
 */
#ifndef RUNTIME_REGION_H
#define RUNTIME_REGION_H

#include "function.h"
#include "runtime/setting/configured.h"
#include "runtime/setting/setting.h"

struct listener;

struct region {
    struct epoch_garbage garbage;       /* first: once it is given back */
    struct region *older, *newer;       /* all regions; regions_lock */
    _Atomic(struct region *) next_same; /* those of one place in the table of names; the same to change it */
    struct region *parent;              /* set once, as `len` and the name */
    struct region *children, *next_sibling, *before_sibling; /* the latest; regions_lock */
    size_t len;
    _Atomic uint64_t kept;                 /* holders, or FUNCTION_GONE */
    _Atomic(struct listener *) listeners;  /* listener.c; its lock to add one */
    uint32_t nlisteners;                   /* the same */
    struct function *functions;            /* the latest, by next_in_region; regions_lock */
    _Atomic(struct function *) dictionary; /* set once, with the lock of function_learn() */
    struct setting_layer policy;           /* SWR_REGION_POLICY; setting.c's lock */
    struct swrcache_policy
        choices;              /* SWR_REGION_POLICY's that is no setting, but handed down; regions_lock */
    struct setting_layer set; /* swrctl set; the same */
    const struct configured *configured; /* NULL: nothing */
    _Atomic uint64_t mode;               /* swrctl mode, for functions to come: mode.c; 0: not given */
    char name[];
};

/*
 * Held, for region_release(); who configures it never does. NULL: no such region; with `make`, no memory or
 * no valid name. Parents are made as well.
 */
struct region *region_of(const char *name, bool make);
/* The same without a lock, in a section of epoch.h; NULL: none that is there. */
struct region *region_find(const char *name);
static inline void region_release(struct region *r)
{
    atomic_fetch_sub(&r->kept, 1);
}

bool region_within(const struct region *r, const struct region *around);
/* Is it the region of that name, or beneath it? */
bool region_within_named(const struct region *r, const char *name);
/* Every region, held; for region_free_all(). NULL: no memory. */
struct region **region_all(size_t *count);
void region_free_all(struct region **all, size_t count);

/* Once its number is known: into its region. */
void region_add_function(struct function *f);
/* The functions within, held; for region_free_functions(). */
struct function **region_functions(const struct region *r, size_t *count);
void region_free_functions(struct function **functions, size_t count);

/*
 * With the lock of function_learn(): looks at so many regions, each in its turn, the oldest first, and takes
 * one out that nobody holds. NULL: there is none among them. region_forget() frees it, its dictionary (which
 * is taken out as well) excepted.
 */
struct region *region_take_unused(unsigned *looks);
void region_forget(struct region *r);

/* What an annotation leaves unset and is no setting: fails, refresh, secret, dependencies. */
void region_hand_down(struct region *r, struct swrcache_policy *annotated);

/* What a policy says that is no setting counts for the region. */
void region_choose(struct region *r, const struct swrcache_policy *policy);

#endif
