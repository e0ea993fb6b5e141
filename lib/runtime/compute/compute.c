#include "compute.h"
#include "dependencies.h"
#include "guard.h"
#include "publish.h"
#include "result.h"
#include "warm.h"
#include "runtime/cache/lease.h"
#include "runtime/cache/loan.h"
#include "runtime/registry/door.h"
#include "base/alive.h"
#include "base/clock.h"
#include "base/sync.h"

#include <errno.h>
#include <string.h>

/* Nobody waits for it any more, and the key may be computed by others. */
static void give_up(struct thread *t, struct flight *fl)
{
    uint32_t shard = table_shard_of(fl->key.hash);
    if (fl->beside) { /* the entry is none of its business */
        table_lock(&cache_table, shard);
        flight_unlist(fl);
        table_unlock(&cache_table, shard);
        flight_settle(fl, FLIGHT_ABANDONED, NULL);
        return;
    }
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

/* The user's own test and encoder, run as the body is: what they call counts, and left they are as it is. */
static void ended(struct body *b)
{
    struct function *f = ((struct flight *)b->frame)->function;
    if (f->annotated.failed != NULL && !((struct flight *)b->frame)->failed) {
        struct outside outside = door_out();
        b->said_failed = result_said_failed(f, b->result);
        door_in(&outside);
        if (thread_now() != b->thread)
            return;
    }
    void *object;
    if (f->codec == NULL || b->loan == NULL)
        return;
    memcpy(&object, b->result, sizeof object);
    b->loan->back = os_free;
    b->encoded_len = object != NULL ? result_encode(f, object, &b->loan->what) : 0;
}

/* Of one that came back whole. */
static void take_over(struct flight *fl, struct body *b)
{
    fl->failed |= b->said_failed;
    if (b->loan != NULL) {
        fl->encoded = b->loan->what;
        fl->encoded_len = b->encoded_len;
        loan_keep(b->loan);
    }
}

HAS_CANARY bool compute_body(struct flight *fl, struct body *b)
{
    volatile uint64_t canary;
    struct function *f = fl->function;
    bool encodes = b->keeps && f->codec != NULL;
    fl->encoded_len = b->encoded_len = SIZE_MAX;
    if (encodes)
        b->loan = loan_begin(b->thread, &canary);
    if (encodes || f->annotated.failed != NULL)
        b->ended = ended;
    fl->owner = b->thread;
    fl->tid = b->thread->tid;
    fl->frame.kind = &computation;
    fl->frame.name = f->site->name;
    b->frame = &fl->frame;
    b->run = f->site->run;
    if (!body_run(b)) {
        if (b->loan != NULL)
            loan_end(b->loan);
        return false;
    }
    take_over(fl, b);
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
    struct body body = {.thread = t, .args = args, .result = result, .keeps = true};
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
