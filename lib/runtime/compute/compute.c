#include "compute.h"
#include "dependencies.h"
#include "guard.h"
#include "publish.h"
#include "warm.h"
#include "runtime/cache/lease.h"
#include "base/alive.h"
#include "base/clock.h"
#include "base/sync.h"

#include <errno.h>

/* Nobody waits for it any more, and the key may be computed by others. */
static void give_up(struct thread *t, struct flight *fl)
{
    uint32_t shard = table_shard_of(fl->key.hash);
    table_lock(&cache_table, shard);
    struct entry *old = table_find(&cache_table, fl->identity, &fl->key);
    uint64_t now = clock_now();
    if (old != NULL) {
        lease_end(old, now, 0);
        warm_again(fl->function, old, publish_rested(fl->function, now, 1));
    }
    flight_overtake(fl);
    table_unlock(&cache_table, shard);
    flight_settle(fl, FLIGHT_ABANDONED, NULL);
    thread_count(t, fl->function, COUNTER_failures);
}

static void unwound(struct thread *t, struct frame *frame)
{
    struct flight *fl = (struct flight *)frame;
    give_up(t, fl);
    flight_unref(fl);
}

/* A body that may come back after all, on another stack, may still write where it was told to. */
static void left(struct thread *t, struct frame *frame)
{
    struct flight *fl = (struct flight *)frame;
    if (!frame->aside && !frame->moved)
        give_up(t, fl);
    if (!frame->aside && !frame->moved && fl->room != NULL)
        frame_put_aside(t, frame);
    else
        flight_unref(fl);
}

/* The flight stays with the thread on which it began: a reference more. */
static void *moved(struct frame *frame)
{
    atomic_fetch_add(&((struct flight *)frame)->refs, 1);
    return frame;
}

static void after(struct thread *mine, void *given)
{
    give_up(mine, given);
    flight_unref(given);
}

static const struct frame_kind computation = {true, unwound, left, moved, after};

/* Nobody joins it any more, and its result is for its caller alone. */
static void set_apart(struct flight *fl)
{
    uint32_t shard = table_shard_of(fl->key.hash);
    if (fl->apart)
        return;
    table_lock(&cache_table, shard);
    fl->fenced = true;
    table_unlock(&cache_table, shard);
    fl->apart = true;
}

bool compute_body(struct flight *fl, struct body *b)
{
    fl->owner = b->thread;
    fl->tid = b->thread->tid;
    fl->frame.kind = &computation;
    fl->frame.name = fl->function->site->name;
    b->frame = &fl->frame;
    b->run = fl->function->site->run;
    if (!body_run(b))
        return false;
    /* A batch is open that the body left so, or began to say something in: what came may be its doing. */
    if (unlikely(b->thread->writing)) {
        set_apart(fl);
        compute_apart(b->thread);
    }
    return true;
}

enum computed compute_run(struct thread *t, struct function *f, struct flight *fl,
                          const struct swrcache_arg *args, void *result, struct entry **e)
{
    struct body body = {.thread = t, .args = args, .result = result};
    bool failed;
    *e = NULL;
    /* The body may never return: nothing of the call may be held by it. */
    thread_drop_key(t);
    if (!compute_body(fl, &body)) {
        errno = body.error;
        return COMPUTED_LOST;
    }
    *e = compute_publish(f, fl, args, result, body.error, &failed);
    if (t->bound != NULL) {
        dependencies_took(t->bound, fl);
        if (*e != NULL)
            dependencies_saw(t->bound, f, *e);
    }
    errno = body.error;
    return failed ? COMPUTED_FAILED : COMPUTED;
}

void compute_apart(struct thread *t)
{
    struct flight *lent = t->top == NULL ? t->lent : NULL;
    for (struct frame *frame = t->frames; frame != NULL; frame = frame->outer)
        if (frame->kind->computes)
            set_apart((struct flight *)frame);
    if (lent != NULL)
        lent->apart = true;
}
