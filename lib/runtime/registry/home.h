/*
 * home.h - the object that holds a function's code, where that may be unloaded.
 *
 *   enrolled, there --its destructor says so--> gone --loaded anew--> there, in its next life
 *
 * A function is left by its code when its object goes, and is found again when the object comes again, by the
 * same path or another (call/renew.c). What runs code of an object on a thread that the object has not called
 * itself, as the pool's do, keeps it meanwhile by a reference of the dynamic linker's: so a dlclose() never
 * takes code away that runs, and waits for nobody. The last who lets it go unloads it.
 *
 * The linker's lock is held while destructors run, so nobody keeps or lets go with a lock of ours held, and a
 * destructor waits for none who might.
 */
#ifndef RUNTIME_HOME_H
#define RUNTIME_HOME_H

#include "function.h"

struct home;

/* The home of what lies at this address, now there. NULL: it never goes, as far as is known. */
struct home *home_enter(const void *address);
/*
 * Its code goes: nothing more of it is begun. Until home_gone() its code may still be called, by the thread
 * that says so alone.
 */
void home_leave(struct home *h);
void home_gone(struct home *h);
/* The process exits: destructors run, but nothing is unloaded. */
bool home_exits(void);

/* A function lives there now; `h` NULL: where nothing goes. */
void home_move_in(struct function *f, struct home *h);
bool home_any(void); /* was there ever one? */
/* Its code is gone, or going, and has not come again. */
bool home_left(struct function *f);
bool home_leaving(struct function *f);
/* The entry was made by code that is gone: nothing of it may be called. */
bool home_left_entry(const struct function *f, const struct entry *e);

/* The function's code stays until home_let(). False: it is gone. No lock may be held. */
bool home_keep(struct function *f);
/* What this thread keeps, nothing or one, it does no more. Destructors may run. No lock may be held. */
void home_let(void);
bool home_keeps(void); /* does this thread keep one? */

/* In a fork's child: threads that are not there kept homes. Later: those are let go, no lock held. */
void home_fork_child(void);
void home_settle(void);

#endif
