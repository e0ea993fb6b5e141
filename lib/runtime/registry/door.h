/*
 * door.h - the one way by which a thread enters the runtime and leaves it.
 *
 * Inside, a thread is `busy`: what a signal handler calls meanwhile is handed on to the function. errno is
 * afterwards what the host had, or what the answer brings along. Code of the user runs between door_out() and
 * door_in(): there the thread may enter once more.
 *
 * A handler may also leave a visit for good, by siglongjmp(). Where that would hurt, the thread is in shelter
 * (base/shelter.h): always after door_enter(), in a call from door_hold() on. Elsewhere, in a hit and in a
 * wait, the next visit of that thread sees that the former was left, by the stack (left.h), and gives back
 * what it had: thread.h has all of it.
 *
 * The way of a hit (call/hit.c) is door_call() in three stores, as it takes no lock and no memory.
 */
#ifndef RUNTIME_DOOR_H
#define RUNTIME_DOOR_H

#include "thread.h"

struct visit {
    struct thread *thread;
    int error; /* errno as the host will find it */
};

/*
 * Is the thread inside? It is not if the visit was left by siglongjmp(): that is mended here. `at`: the
 * caller's frame.
 */
bool door_inside(struct thread *t, uintptr_t at);
/* Handed down by verb/relatives.c: what other processes have announced is obeyed before anybody enters. */
extern void (*door_behind)(struct thread *t);

/* May this thread enter now? Not from a signal handler that interrupted the runtime, nor without memory. */
bool door_open(struct visit *v);
/* Enters, after door_open() or with a thread that is known not to be inside. */
void door_begin(struct visit *v);
/* Both. */
bool door_enter(struct visit *v);
void door_leave(struct visit *v);

/* Inside, takes and gives back the shelter: around locks, and around waits. False: it was taken already. */
bool door_hold(struct thread *t);
void door_let(struct thread *t);

/* The thread's visit was left, and is mended; the caller is in it no more. */
void door_left(struct thread *t);

/* A call enters without shelter; errno is its own business. */
static inline void door_call(struct thread *t)
{
    thread_inside(t);
}

static inline void door_answered(struct thread *t)
{
    if (t->held)
        door_let(t);
    t->busy = false;
}

/* What a visit has to give back that was left where it had no shelter: compute/wait.c. Set before the first.
 */
extern void (*door_give_back)(struct thread *t);

/* Around code of the user. */
struct outside {
    struct thread *thread; /* NULL: was not inside */
    bool held;
};
struct outside door_out(void);
void door_in(struct outside *o);

#endif
