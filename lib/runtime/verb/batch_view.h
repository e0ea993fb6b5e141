/*
 * batch_view.h - what a thread sees of its own batch before it is committed: what it has put is there, what
 * it has taken back is not. Nobody else sees any of it: what a thread with such a batch computes is not kept.
 */
#ifndef RUNTIME_BATCH_VIEW_H
#define RUNTIME_BATCH_VIEW_H

#include "batch_note.h"

/* The latest note of this thread's batch that writes the key; NULL: none does. A put is NOTE_PUT, all else
 * takes the key's value away. */
const struct note *batch_last(struct function *f, const struct key *key);
/* Does the entry go by something, or was it computed from something, that the batch writes? In a section of
 * epoch.h, or with a reference. */
bool batch_touches(const struct entry *e);

#endif
