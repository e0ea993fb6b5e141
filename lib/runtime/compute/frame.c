#include "frame.h"
#include "base/alive.h"

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
    frame->outer = t->frames;
    frame->canary = canary;
    *canary = frame->token = (uint64_t)(uintptr_t)frame ^ ++t->tokens << 48;
    t->frames = frame;
    set_top(t);
}

static bool take_out(struct frame **chain, const struct frame *frame, uint64_t token)
{
    for (; *chain != NULL; chain = &(*chain)->outer)
        if (*chain == frame && frame->token == token) {
            *chain = frame->outer;
            return true;
        }
    return false;
}

bool frame_pop(struct thread *t, struct frame *frame, uint64_t token)
{
    bool there = take_out(&t->frames, frame, token);
    if (there)
        set_top(t);
    return there;
}

static struct frame *pop_innermost(struct thread *t)
{
    struct frame *f = t->frames;
    if (f != NULL) {
        t->frames = f->outer;
        set_top(t);
    }
    return f;
}

void frame_unwound(void)
{
    struct thread *t = thread_current;
    struct frame *f = t != NULL ? pop_innermost(t) : NULL;
    if (f == NULL)
        return;
    t->busy = false;
    /* In a fork's child without handlers the locks may be held by nobody. */
    if (!alive_dead())
        f->kind->unwound(t, f);
}

/* A look at a stack that may be dead, for which the sanitizers have no words. */
__attribute__((no_sanitize("address"))) static bool overwritten(const struct frame *f)
{
    return *f->canary != f->token;
}

void frame_put_aside(struct thread *t, struct frame *frame)
{
    frame->aside = true;
    frame->outer = t->aside;
    t->aside = frame;
}

void frame_forget_left(struct thread *t, uintptr_t at)
{
    while (t->frames != NULL && (t->frames->at <= at || overwritten(t->frames))) {
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
