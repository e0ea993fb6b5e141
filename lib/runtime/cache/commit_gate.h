/* commit_gate.h */
#ifndef RUNTIME_COMMIT_GATE_H
#define RUNTIME_COMMIT_GATE_H

#include "base/lock.h"

extern _Atomic uint32_t batch_committing; /* futex: a commit is under way */

/* No lock held: until no commit is under way. False: this thread itself commits. */
bool batch_wait(void);

void batch_fork_child(void);
/* One commit at a time; this thread's from begin to end. */
void commit_begin(void);
void commit_end(void);
bool commit_mine(void);

#endif
