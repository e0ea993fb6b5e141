/*
 * batch.h - verbs and puts that take effect together.
 *
 * They are noted by the thread between begin and commit. A commit first takes out all that is meant, then
 * puts in what was put; meanwhile calls that find nothing wait for its end. So whoever has seen something new
 * sees nothing old of the same batch afterwards; hits are not held up, and have not seen anything new.
 */
#ifndef RUNTIME_BATCH_H
#define RUNTIME_BATCH_H

#include "function.h"

/* False: this thread has no batch (or no memory for a note): do it now. `text` and keys are copied. */
bool batch_note(enum swrcache_operation operation, const char *text);
bool batch_note_key(enum swrcache_operation operation, struct function *f, const struct key *key);
/* key NULL: all of `f`. */
bool batch_note_put(struct function *f, const struct key *key, const void *value, size_t value_len,
                    uint64_t ttl_ms);

extern _Atomic uint32_t batch_committing; /* futex: a commit is under way */
/* No lock held: until no commit is under way. False: this thread itself commits. */
bool batch_wait(void);

/* The api's. */
void batch_begin(void);
bool batch_commit(void);
bool batch_rollback(void);

void batch_thread_ends(void);
void batch_fork_child(void);

#endif
