#include "context.h"
#include "runtime/compute/flight.h"
#include "runtime/registry/door.h"
#include "base/alive.h"

void *context_current(void)
{
    struct thread *t = thread_current;
    struct visit visit;
    if (t == NULL || t->bound == NULL || !door_enter(&visit))
        return NULL;
    void *number = (void *)flight_number(t->bound); /* NOLINT: a number, never followed */
    door_leave(&visit);
    return number;
}

void context_with(void *context)
{
    struct visit visit;
    if (!door_enter(&visit))
        return;
    struct thread *t = visit.thread;
    struct flight *before = t->lent;
    t->lent = flight_numbered((uintptr_t)context);
    thread_set_top(t, t->top, t->body);
    /* What was done for it may be this thread's open batch's doing. */
    if (before != NULL && t->writing)
        before->apart = true;
    if (before != NULL)
        flight_unref(before);
    door_leave(&visit);
}

void context_thread_ends(struct thread *t)
{
    struct flight *lent = t->lent;
    t->lent = NULL;
    thread_set_top(t, t->top, t->body);
    /* In a child that fork() did not prepare locks may be held by nobody: rather a leak. */
    if (lent != NULL && !alive_dead())
        flight_unref(lent);
}
