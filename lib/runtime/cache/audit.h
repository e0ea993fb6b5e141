/*
 * audit.h - the last verbs that changed the cache: when, by whom, what they meant, how much they matched.
 *
 * A verb's act begins before it and ends after it; what it does to keys meanwhile is known to be its doing
 * (history.h). Written on no call's path, only by verbs; bounded; its memory comes with the first act.
 */
#ifndef RUNTIME_AUDIT_H
#define RUNTIME_AUDIT_H

#include "runtime/registry/function.h"

enum { AUDIT_ACTS = 256, AUDIT_TEXT = 192, AUDIT_CALLER = 64 };

struct audit_act {
    uint64_t number; /* from 1 on; 0: none */
    uint64_t when;   /* clock_now() */
    uint64_t matched;
    int who; /* pid at the other end of the control socket, below 0: not seen from here; 0: a call in this
                process */
    char caller[AUDIT_CALLER]; /* the writer, or the cached function that called from its body; "": neither */
    enum swrcache_operation verb;
    bool ended;
    struct function *function;      /* of a call in this process, held; NULL: `text` is the target */
    uint32_t key_len;               /* AUDIT_WHOLE: the whole function */
    uint64_t key_hash;              /* as in struct key */
    unsigned char text[AUDIT_TEXT]; /* key or target */
};

/* Instead of a key's length: the whole function is meant; the key was too long to keep. */
#define AUDIT_WHOLE UINT32_MAX
#define AUDIT_LONG  (UINT32_MAX - 1)

/* From here on this thread acts for `who`; `target` as it was written. The act's number. */
uint64_t audit_begin(enum swrcache_operation verb, int who, const char *target);
/*
 * The same for a call in this process: one key, the whole function (NULL) or everything (`f` NULL). 0 when an
 * act is under way on this thread already: the call is part of it.
 */
uint64_t audit_begin_call(enum swrcache_operation verb, struct function *f, const struct key *key);
/*
 * What this thread does from here on is the doing of a writer, or of the body of a cached function, of that
 * name; NULL: of none. Gives who it was before.
 */
const char *audit_caller(const char *name);
const char *audit_called_by(void);

/* With the number that began it; 0 has no effect. */
void audit_end(uint64_t number, uint64_t matched);

/* What this thread does now belongs to an act that has ended; 0: to none. */
void audit_resume(uint64_t number);

/* What this thread is doing now: 0 and 0 outside any act. */
uint64_t audit_current(int *who);

/* What this thread does to results is no verb's doing: a key they stand on has another value. 0: no more. */
void audit_because(uint32_t function, uint64_t hash);
uint32_t audit_cause(uint64_t *hash);

/* A copy, for audit_done(); false: not there any more, or not yet. */
bool audit_find(uint64_t number, struct audit_act *act);
void audit_done(struct audit_act *act);
uint64_t audit_last(void); /* the newest number; 0: none */

#endif
