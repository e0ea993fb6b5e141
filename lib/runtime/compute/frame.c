#include "frame.h"
#include "runtime/cache/loan.h"
#include "runtime/registry/door.h"
#include "base/alive.h"
#include "base/foreign.h"

/* The innermost that computes is what is called belongs to. */
static void set_top(struct thread *t)
{
    struct frame *f = t->frames;
    while (f != NULL && !f->kind->computes)
        f = f->outer;
    thread_set_top(t, (struct flight *)f, f != NULL ? f->name : NULL);
}

void frame_push(struct thread *t, struct frame *frame, volatile uint64_t *canary)
{
    frame->canary = canary;
    *canary = frame->token = ++t->tokens * UINT64_C(0x9E3779B97F4A7C15);
    lock_take(&t->frames_lock);
    frame->outer = t->frames;
    t->frames = frame;
    lock_give(&t->frames_lock);
    set_top(t);
}

/* frames_lock held. Where it stands in the chain; NULL: it was given up, and may be gone. */
static struct frame **find(struct thread *t, const struct frame *frame, uint64_t token)
{
    for (struct frame **at = &t->frames; *at != NULL; at = &(*at)->outer)
        if (*at == frame && frame->token == token)
            return at;
    return NULL;
}

bool frame_is_there(struct thread *t, const struct frame *frame, uint64_t token)
{
    lock_take(&t->frames_lock);
    bool there = find(t, frame, token) != NULL;
    lock_give(&t->frames_lock);
    return there;
}

bool frame_pop(struct thread *t, struct frame *frame, uint64_t token)
{
    lock_take(&t->frames_lock);
    struct frame **at = find(t, frame, token);
    if (at != NULL)
        *at = frame->outer;
    lock_give(&t->frames_lock);
    if (at != NULL)
        set_top(t);
    return at != NULL;
}

void frame_moved(struct thread *t, struct frame *frame, uint64_t token)
{
    struct visit visit;
    if (!door_enter(&visit))
        return;
    lock_take(&t->frames_lock);
    const struct frame_kind *kind = NULL;
    void *given = NULL;
    if (find(t, frame, token) != NULL) {
        kind = frame->kind;
        frame->moved = true;
        given = kind->moved(frame);
    }
    lock_give(&t->frames_lock);
    if (kind != NULL)
        kind->after(visit.thread, given);
    door_leave(&visit);
}

static struct frame *pop_innermost(struct thread *t)
{
    lock_take(&t->frames_lock);
    struct frame *f = t->frames;
    if (f != NULL)
        t->frames = f->outer;
    lock_give(&t->frames_lock);
    set_top(t);
    return f;
}

void frame_unwound(void)
{
    struct visit visit;
    /* In a fork's child without handlers the locks may be held by nobody. */
    if (thread_current == NULL || thread_current->frames == NULL)
        return;
    thread_current->busy = false; /* it may have been on the way out or in */
    if (!door_enter(&visit))
        return;
    struct frame *f = pop_innermost(visit.thread);
    f->kind->unwound(visit.thread, f);
    door_leave(&visit);
}

/* On a stack that may be gone. */
static bool overwritten(const struct frame *f)
{
    return !foreign_word_is((const volatile uint32_t *)f->canary, (uint32_t)f->token);
}

void frame_put_aside(struct thread *t, struct frame *frame)
{
    frame->aside = true;
    frame->outer = t->aside;
    t->aside = frame;
}

void frame_forget_left(struct thread *t, uintptr_t at)
{
    while (t->frames != NULL && (t->frames->moved || t->frames->at <= at || overwritten(t->frames))) {
        struct frame *f = pop_innermost(t);
        f->kind->left(t, f);
    }
    for (struct frame **a = &t->aside; *a != NULL;) {
        struct frame *f = *a;
        if (!overwritten(f)) {
            a = &f->outer;
            continue;
        }
        *a = f->outer;
        f->kind->left(t, f);
    }
    loan_forget_left(t);
}

void frame_forget_all(struct thread *t)
{
    for (struct frame *f; (f = pop_innermost(t)) != NULL;)
        if (!alive_dead())
            f->kind->left(t, f);
    for (struct frame *f; (f = t->aside) != NULL;) {
        t->aside = f->outer;
        if (!alive_dead())
            f->kind->left(t, f);
    }
}

bool frame_changes(struct thread *t)
{
    bool found = false;
    lock_take(&t->frames_lock);
    for (const struct frame *f = t->frames; f != NULL && !found; f = f->outer)
        found = !f->kind->computes;
    lock_give(&t->frames_lock);
    return found;
}
