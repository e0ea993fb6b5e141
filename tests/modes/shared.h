/* shared.h - what the files of this program know of each other. */
#ifndef MODES_SHARED_H
#define MODES_SHARED_H

#include <swrcache.h>

/* Defined in functions.c, called from everywhere. */
SWR_DECLARE(int, twice, (SWR_VAL(int, x)));
SWR_DECLARE_STRING(greeting, (SWR_STR(name)));
extern int twice_runs, greeting_runs;

/* other.c: calls of its own, and what it was found to do wrong. */
int other_calls(int times);
int other_invalidates(void);
int other_local_runs(void);

/* plugin.c: linked, or opened at run time. */
int plugged(int x);
int plugged_runs(void);

#endif
