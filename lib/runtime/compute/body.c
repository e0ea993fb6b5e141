#include "body.h"
#include "guard.h"
#include "base/alive.h"
#include "base/sync.h"

#include <errno.h>

/* In the guard's frame: whoever is cancelled in here is seen by it, before and after no cancellation is. */
static void run(const struct swrcache_arg *args, void *cookie)
{
    struct body *b = cookie;
    struct cancel cancel = b->thread->cancel;
    cancel_back(&cancel);
    b->run(args, b->result);
    cancel_off(&cancel);
}

/* The canary stays on the real stack. */
__attribute__((noinline, no_sanitize("address"))) bool body_run(struct body *b)
{
    struct thread *t = b->thread;
    struct cancel cancel = t->cancel;
    volatile uint64_t canary;
    b->frame->at = (uintptr_t)__builtin_frame_address(0);
    frame_push(t, b->frame, &canary);
    uint64_t token = canary;
    t->busy = false;
    SYNC_POINT("leader.before_call");
    if (b->catches) {
        errno = 0;
        b->threw = !guard_call_catching(run, b->args, b);
        /* Caught, it left run() in the middle. */
        if (b->threw)
            cancel_off(&t->cancel);
    } else {
        guard_call(run, b->args, b);
    }
    b->error = b->threw ? 0 : errno;
    SYNC_POINT("leader.after_call");
    t->cancel = cancel;
    t->busy = true;
    return frame_pop(t, b->frame, token) && !alive_dead();
}
