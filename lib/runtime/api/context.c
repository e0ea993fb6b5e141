#include "context.h"
#include "runtime/compute/flight.h"
#include "base/alive.h"
#include "base/cancel.h"

void *context_current(void)
{
    struct thread *t = thread_current;
    struct flight *fl = t != NULL && !t->busy && !alive_dead() ? t->bound : NULL;
    if (fl == NULL)
        return NULL;
    struct cancel cancel;
    cancel_off(&cancel);
    t->busy = true;
    void *number = (void *)flight_number(fl); /* NOLINT: a number, never followed */
    t->busy = false;
    cancel_back(&cancel);
    return number;
}

void context_with(void *context)
{
    struct thread *t = thread_current != NULL ? thread_current : thread_join();
    if (t == NULL || t->busy || alive_dead())
        return;
    struct cancel cancel;
    cancel_off(&cancel);
    t->busy = true;
    struct flight *before = t->lent, *fl = NULL;
    fl = flight_numbered((uintptr_t)context);
    t->lent = fl;
    flight_set_top(t, t->top);
    if (before != NULL)
        flight_unref(before);
    t->busy = false;
    cancel_back(&cancel);
}

void context_thread_ends(struct thread *t)
{
    struct flight *lent = t->lent;
    t->lent = NULL;
    flight_set_top(t, t->top);
    /* In a child that fork() did not prepare locks may be held by nobody: rather a leak. */
    if (lent != NULL && !alive_dead())
        flight_unref(lent);
}
