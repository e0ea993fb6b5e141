/*
 * door.h - the one way by which a thread enters the runtime and leaves it.
 *
 * Inside, a thread is `busy`: what a signal handler calls meanwhile is handed on to the function. It cannot
 * be cancelled, and errno is afterwards what the host had, or what the answer brings along. Code of the user
 * runs between door_out() and door_in(): there the thread may enter once more.
 *
 * The way of a hit (call/hit.c) is the same in two stores, as it takes no lock and no memory.
 */
#ifndef RUNTIME_DOOR_H
#define RUNTIME_DOOR_H

#include "thread.h"

struct visit {
    struct thread *thread;
    struct cancel cancel; /* the host's */
    int error;            /* errno as the host will find it */
};

/* May this thread enter now? Not from a signal handler that interrupted the runtime, nor without memory. */
bool door_open(struct visit *v);
/* Enters, after door_open() or with a thread that is known not to be inside. */
void door_begin(struct visit *v);
/* Both. */
bool door_enter(struct visit *v);
void door_leave(struct visit *v);

/* As door_begin() and door_leave() for a call, whose errno is what the function or the answer left. */
static inline void door_call(struct visit *v, struct thread *t)
{
    v->thread = t;
    cancel_off(&v->cancel);
    t->cancel = v->cancel;
    t->busy = true;
}

static inline void door_answered(struct visit *v)
{
    v->thread->busy = false;
    cancel_back(&v->cancel);
}

/* Around code of the user. NULL: the thread was not inside, and stays so. */
static inline struct thread *door_out(void)
{
    struct thread *t = thread_current;
    if (t == NULL || !t->busy)
        return NULL;
    t->busy = false;
    return t;
}

static inline void door_in(struct thread *t)
{
    if (t != NULL)
        t->busy = true;
}

#endif
