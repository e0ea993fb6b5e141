/*
 * verdict.h - whether the result of a computation is stored, and if not, why: said once, for the table, for
 * the counters and for what `swrctl explain` tells (history.h).
 */
#ifndef RUNTIME_VERDICT_H
#define RUNTIME_VERDICT_H

#include "history.h"

enum verdict {
    VERDICT_STORED,
    VERDICT_FENCED,    /* its key was invalidated while it was computed */
    VERDICT_RAISED,    /* all of its function was */
    VERDICT_FAILED,    /* a failure that is not remembered */
    VERDICT_SKIPPED,   /* its body said so */
    VERDICT_CROWDED,   /* its text had no room */
    VERDICT_UNNAMED,   /* a tag that its body gave cannot be one */
    VERDICT_TOO_MANY,  /* tags and keys that it stands on */
    VERDICT_TOO_LARGE, /* for the bounds */
    VERDICT_OLDER,     /* than what stands there by now */
    VERDICT_RETIRED,   /* no memory, as what is retired takes it: retired.h */
    VERDICT_NO_MEMORY,
    VERDICTS
};

/* What is known of a computation that ended, its shard locked. */
struct ended {
    bool made;    /* an entry of its result could be made */
    bool linked;  /* the marks of that entry are in the index */
    bool fits;    /* cache_fits() */
    bool clogged; /* retired_clogs() */
    bool failed, fenced, raised, skipped, crowded, unnamed, too_many;
    bool good;       /* what stands in its place is a value that can still be served */
    bool older;      /* what stands in its place was born later than this result */
    bool forgetting; /* failures are not remembered */
};

enum verdict verdict_of(const struct ended *x);

/* What history notes of it; 0: nothing, or what fenced it has noted that. */
enum history_what verdict_noted(enum verdict v);

#endif
