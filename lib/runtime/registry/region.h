/*
 * region.h - regions: dot-separated names that nest, with settings that functions beneath them inherit,
 * events they listen to, and a dictionary each at need. Never freed.
 */
#ifndef RUNTIME_REGION_H
#define RUNTIME_REGION_H

#include "function.h"
#include "runtime/setting/configured.h"
#include "runtime/setting/setting.h"

struct listener;

struct region {
    struct region *next;      /* all regions; set once, as all up to `len` */
    struct region *next_same; /* those of one place in the table of names */
    struct region *parent, *next_sibling;
    size_t len;
    _Atomic(struct listener *) listeners;  /* listener.c; its lock to add one */
    uint32_t nlisteners;                   /* the same */
    _Atomic(struct region *) children;     /* the latest; regions_lock to add one */
    _Atomic(struct function *) functions;  /* the latest, by next_in_region; the same */
    _Atomic(struct function *) dictionary; /* set once */
    struct setting_layer policy;           /* SWR_REGION_POLICY; setting.c's lock */
    struct swrcache_policy
        choices;              /* SWR_REGION_POLICY's that is no setting, but handed down; regions_lock */
    struct setting_layer set; /* swrctl set; the same */
    const struct configured *configured; /* NULL: nothing */
    _Atomic uint64_t mode;               /* swrctl mode, for functions to come: mode.c; 0: not given */
    char name[];
};

/* NULL: no such region; with `make`, no memory or no valid name. Parents are made as well. */
struct region *region_of(const char *name, bool make);
bool region_within(const struct region *r, const struct region *around);
struct region *region_first(void);

/* Once its number is known: into its region. */
void region_add_function(struct function *f);
/* The functions within; the caller frees the array by os_free(). */
struct function **region_functions(const struct region *r, size_t *count);

/* What an annotation leaves unset and is no setting: fails, refresh, secret, dependencies. */
void region_hand_down(struct region *r, struct swrcache_policy *annotated);

/* What a policy says that is no setting counts for the region. */
void region_choose(struct region *r, const struct swrcache_policy *policy);

#endif
