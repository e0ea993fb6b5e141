#include "body.h"
#include "guard.h"
#include "runtime/registry/door.h"
#include "base/alive.h"
#include "base/sync.h"

#include <errno.h>

/* In the guard's frame: whoever is cancelled in here is seen by it, before and after no cancellation is. */
static void run(const struct swrcache_arg *args, void *cookie)
{
    struct body *b = cookie;
    struct thread *t = b->thread;
    door_let(t);
    t->busy = false;
    b->run(args, b->result);
    b->error = errno;
    if (thread_now() != t)
        return;
    thread_inside(t);
    door_hold(t);
    if (b->ended != NULL && frame_is_there(t, b->frame, b->token))
        b->ended(b);
}

/* The canary stays on the real stack. */
__attribute__((noinline, no_sanitize("address"))) bool body_run(struct body *b)
{
    struct thread *t = b->thread;
    volatile uint64_t canary;
    b->frame->at = (uintptr_t)__builtin_frame_address(0);
    frame_push(t, b->frame, &canary);
    uint64_t token = b->token = canary;
    SYNC_POINT("leader.before_call");
    if (b->catches) {
        errno = 0;
        b->threw = !guard_call_catching(run, b->args, b);
    } else {
        guard_call(run, b->args, b);
    }
    SYNC_POINT("leader.after_call");
    if (thread_now() != t) {
        frame_moved(t, b->frame, token);
        return false;
    }
    if (b->threw) { /* caught, it left run() in the middle */
        b->error = 0;
        thread_inside(t);
        door_hold(t);
    }
    return frame_pop(t, b->frame, token) && !alive_dead();
}
