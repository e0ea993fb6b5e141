#include "door.h"
#include "left.h"
#include "base/alive.h"

#include <errno.h>

void (*door_behind)(struct thread *t);
void (*door_give_back)(struct thread *t);

bool door_hold(struct thread *t)
{
    struct shelter host;
    if (t->held)
        return false;
    if (t->worker)
        shelter_take_own(&host);
    else
        shelter_take(&host);
    t->host = host;
    t->held = true;
    return true;
}

void door_let(struct thread *t)
{
    struct shelter host = t->host;
    if (!t->held)
        return;
    t->held = false;
    if (t->worker)
        shelter_give_own(&host);
    else
        shelter_give(&host);
}

/* What a visit that was left in the middle had taken. */
void door_left(struct thread *t)
{
    t->epoch.depth = 0;
    epoch_end(&t->epoch);
    /* A fault of memory was jumped out of: what signals are blocked is the jump's doing. */
    if (t->held)
        shelter_give_own(&t->host);
    t->held = t->abroad = false;
    door_hold(t);
    if (!alive_dead())
        door_give_back(t);
    t->busy = false;
    door_let(t);
}

bool door_inside(struct thread *t, uintptr_t at)
{
    if (!t->busy)
        return false;
    if (!visit_was_left(t->at, at, t->held || t->abroad))
        return true;
    door_left(t);
    return false;
}

bool door_open(struct visit *v)
{
    v->error = errno;
    v->thread = thread_current != NULL ? thread_current : thread_join();
    if (v->thread == NULL || door_inside(v->thread, (uintptr_t)__builtin_frame_address(0)) || alive_dead())
        return false;
    if (unlikely(!alive_settled()) && door_behind != NULL)
        door_behind(v->thread);
    return true;
}

void door_begin(struct visit *v)
{
    thread_inside(v->thread);
    door_hold(v->thread);
}

bool door_enter(struct visit *v)
{
    if (!door_open(v))
        return false;
    door_begin(v);
    return true;
}

void door_leave(struct visit *v)
{
    door_let(v->thread);
    v->thread->busy = false;
    errno = v->error;
}

struct outside door_out(void)
{
    struct thread *t = thread_current;
    struct outside o = {t != NULL && t->busy ? t : NULL, false};
    if (o.thread == NULL)
        return o;
    o.held = t->held;
    door_let(t);
    t->busy = false;
    return o;
}

void door_in(struct outside *o)
{
    if (o->thread == NULL || thread_now() != o->thread)
        return;
    thread_inside(o->thread);
    if (o->held)
        door_hold(o->thread);
}
