/*
 * relatives.h - forked processes are one family: what is invalidated or expired in one is in all.
 *
 * A verb is announced (base/family.h) once it is done here and before it returns. Every other process of the
 * family does it itself before anybody enters it the next time, a call or a verb: alive_settled() tells. What
 * it computes from before that is fenced as by a verb of its own. Verbs of one batch are one announcement and
 * take effect together there as well. A put is announced as an invalidation of its key: values are not sent.
 */
#ifndef RUNTIME_RELATIVES_H
#define RUNTIME_RELATIVES_H

#include "verb.h"

struct thread;

/* Does what was announced. No lock held; `t`: the calling thread, not busy; NULL: the control thread. */
void relatives_obey(struct thread *t);
/* In a fork's child, alone: its first entering also ends what threads of the parent were amid. */
void relatives_fork_child(void);
/* Up to which announcement that was done. */
uint64_t relatives_obeyed(void);

/* Verbs that are done here and are to be told, one announcement. The thread is in the runtime. */
struct announcement {
    unsigned char *bytes; /* NULL: there is nobody to tell, or nothing yet */
    size_t len, room;
    bool full; /* something is not in it */
};
void announce_text(struct announcement *a, enum swrcache_operation operation, const char *text,
                   const struct verb_filter *filter);
/* key NULL: all of the function. */
void announce_call(struct announcement *a, enum swrcache_operation operation, const struct function *f,
                   const struct key *key);
/* What is not in it makes the others drop all that they have. Ends the announcement. */
void announce(struct announcement *a);
void announce_drop(struct announcement *a); /* instead */

#endif
