/*
 * origin.h - what this program was started with: its name, and what its environment says to us. A program may
 * clear its environment, write its title over it and over its arguments, or change it in one thread while
 * another reads: both are read once, before it runs, and copied.
 */
#ifndef BASE_ORIGIN_H
#define BASE_ORIGIN_H

#include <stdbool.h>

/* A constructor does it; or, before that, whoever wakes the runtime. */
void origin_note(void);
/* There was no memory for the copy: what was said is not known. */
bool origin_lost(void);

/* The last part of the name it was called by; never NULL. */
const char *origin_program(void);
/* XDG_RUNTIME_DIR, or one whose name begins with SWR_. NULL: it was not there. */
const char *origin_variable(const char *name);
/* All that were kept, as NAME=VALUE: the first for NULL, then the one after it; NULL at the end. */
const char *origin_next(const char *at);

#endif
