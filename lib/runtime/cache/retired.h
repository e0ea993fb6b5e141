/*
 * retired.h - memory of former results that cannot be given back, as a thread stands still in a call that may
 * look at it, counts in the budget.
 */
#ifndef RUNTIME_RETIRED_H
#define RUNTIME_RETIRED_H

#include <stdbool.h>
#include <stdint.h>

/*
 * No lock held, before a result is stored: is there no memory left for it, as that of former ones cannot be
 * given back while a thread stands still in a call? Entries and what is retired come to no more than
 * SWR_MAX_BYTES, an eighth of it and RETIRED_MOST. Counts and tells.
 */
enum { RETIRED_MOST = 4 << 20 };
bool retired_clogs(void);
uint64_t retired_turned_away(void); /* how often it was so */

#endif
