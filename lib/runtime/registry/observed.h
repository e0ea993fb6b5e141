/*
 * observed.h - where the calls of a function in mode observe are counted: in the file of `swrctl advise` if
 * there is one, else in memory of the process (observation.h has the layout of both).
 */
#ifndef RUNTIME_OBSERVED_H
#define RUNTIME_OBSERVED_H

#include "function.h"
#include "observation.h"

/* What was gathered before, but for the file of `swrctl advise`, is forgotten. */
void observe_begin(struct function *f);
/*
 * At start-up: who may be root only now has the file made as long as that can be done. What forks later goes
 * on in it.
 */
void observed_early(void);
/* Some function was. */
bool observed_any(void);
/* Where a function is counted; NULL: no room, or no memory. Threads that ask at once all get it. */
struct observed_function *observed_at(struct function *f);

#endif
