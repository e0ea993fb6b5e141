#include "door.h"
#include "base/alive.h"

#include <errno.h>

bool door_open(struct visit *v)
{
    v->error = errno;
    v->thread = thread_current != NULL ? thread_current : thread_join();
    return v->thread != NULL && !v->thread->busy && !alive_dead();
}

void door_begin(struct visit *v)
{
    cancel_off(&v->cancel);
    v->thread->busy = true;
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
    v->thread->busy = false;
    cancel_back(&v->cancel);
    errno = v->error;
}
