/*
 * next.h - the functions behind ours: libc's own, or those of whoever is preloaded after us.
 *
 * NAMES_NEXT(getpwnam)("root") calls the next definition of getpwnam, never our own.
 */
#ifndef NAMES_NEXT_H
#define NAMES_NEXT_H

enum names_next {
#define NEXT(name) NEXT_##name,
#include "next.def"
#undef NEXT
    NEXT_COUNT
};

/* Not NULL: libc has them all. */
void *names_next(enum names_next which);

#define NAMES_NEXT(name)  NAMES_NEXT_(name)
#define NAMES_NEXT_(name) ((__typeof__(&name))names_next(NEXT_##name))

#endif
