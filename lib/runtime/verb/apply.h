/*
 * apply.h - the one language of targets, put to work: core/target.h against the functions there are.
 */
#ifndef RUNTIME_APPLY_H
#define RUNTIME_APPLY_H

#include "verb.h"
#include "core/target.h"

struct applied {
    size_t matched;
    size_t functions; /* that were meant; of a tag: 0 */
    bool unknown;     /* nothing here goes by that name */
    char why[256];    /* with `unknown`, or when false was returned */
};

/*
 * False: the target cannot be meant (wrong number of arguments, a call of a secret function when `tools`
 * asks): `why` says it, nothing was done. True with `unknown`: well said, but nothing of that name.
 */
bool apply_target(enum swrcache_operation operation, const struct target *t, const struct verb_filter *filter,
                  bool dry, bool tools, struct applied *reached);

size_t apply_as_text(enum swrcache_operation operation, const char *text, bool dry);
/* A target as text, done now; the thread is in the runtime. */
size_t apply_text(enum swrcache_operation operation, const char *text);

#endif
