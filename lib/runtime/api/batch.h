/*
 * batch.h - verbs and puts that take effect together.
 *
 * They are noted by the thread between begin and commit. A commit first takes out all that is meant, then
 * puts in what was put; meanwhile calls that find nothing wait for its end. So whoever has seen something new
 * sees nothing old of the same batch afterwards; hits are not held up, and have not seen anything new.
 */
#ifndef RUNTIME_BATCH_H
#define RUNTIME_BATCH_H

#include "runtime/verb/batch_note.h"

/* The api's. */
bool batch_commit(void);

#endif
