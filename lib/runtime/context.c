#include "flight.h"
#include "context.h"
#include "base/alive.h"
#include "base/cancel.h"

static struct lock contexts_lock; /* everything here, and flight.context, flight.next_context */
static struct flight *contexts;
static uintptr_t numbered;

void *context_current(void)
{
    struct thread *t = thread_current;
    struct flight *fl = t != NULL && !t->busy && !alive_dead() ? t->bound : NULL;
    if (fl == NULL)
        return NULL;
    struct cancel cancel;
    cancel_off(&cancel);
    t->busy = true;
    lock_take(&contexts_lock);
    if (fl->context == 0 && atomic_load(&fl->state) == FLIGHT_RUNNING) {
        fl->context = ++numbered;
        fl->next_context = contexts;
        contexts = fl;
    }
    void *number = (void *)fl->context; /* NOLINT: a number, never followed */
    lock_give(&contexts_lock);
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
    lock_take(&contexts_lock);
    for (fl = context != NULL ? contexts : NULL; fl != NULL && fl->context != (uintptr_t)context;)
        fl = fl->next_context;
    if (fl != NULL)
        atomic_fetch_add(&fl->refs, 1);
    lock_give(&contexts_lock);
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

void context_forget(struct flight *fl)
{
    lock_take(&contexts_lock);
    for (struct flight **at = &contexts; fl->context != 0 && *at != NULL; at = &(*at)->next_context)
        if (*at == fl) {
            *at = fl->next_context;
            break;
        }
    fl->context = 0;
    lock_give(&contexts_lock);
}

void context_fork_prepare(void)
{
    lock_take(&contexts_lock);
}

void context_fork_release(void)
{
    lock_give(&contexts_lock);
}
