/* observed.h */
#ifndef RUNTIME_OBSERVED_H
#define RUNTIME_OBSERVED_H

#include "function.h"
#include "observation.h"

/* What was gathered before, but for the file of `swrctl advise`, is forgotten. */
void observe_begin(struct function *f);
/* Where a function is counted; NULL: no room, or no memory. */
struct observed_function *observed_at(struct function *f);

#endif
