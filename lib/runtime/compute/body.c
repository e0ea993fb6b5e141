#include "body.h"
#include "base/alive.h"

void (*body_abandoned)(struct thread *t, struct flight *fl);

void compute_enter(struct thread *t, struct flight *fl, uintptr_t frame, volatile uint64_t *mark)
{
    fl->outer = t->top;
    fl->owner = t;
    fl->tid = t->tid;
    /* One below: a later call of the same depth, after a longjmp, is not inside this one. */
    fl->frame = frame - 1;
    fl->mark = mark;
    *mark = fl->token = (uint64_t)(uintptr_t)fl ^ ++t->tokens << 48;
    flight_set_top(t, fl);
    t->busy = false;
}

/* Takes it out of the thread's chain; whoever is further in stays. */
static bool take_out(struct flight **chain, struct flight *fl)
{
    for (; *chain != NULL; chain = &(*chain)->outer)
        if (*chain == fl) {
            *chain = fl->outer;
            return true;
        }
    return false;
}

void compute_leave(struct thread *t, struct flight *fl)
{
    t->busy = true;
    if (fl->aside && take_out(&t->aside, fl)) {
        /* Not left after all: its frame is on another stack, of a coroutine or a signal handler's. */
        fl->aside = false;
        fl->fenced = true;
    } else {
        take_out(&t->top, fl);
        flight_set_top(t, t->top);
    }
}

void compute_abandon(void)
{
    struct thread *t = thread_current;
    struct flight *fl = t != NULL ? t->top : NULL;
    if (fl == NULL)
        return;
    flight_set_top(t, fl->outer);
    t->busy = false;
    /* In a fork's child without handlers the locks may be held by nobody. */
    if (alive_dead())
        return;
    body_abandoned(t, fl);
    flight_unref(fl);
}

/* A look at a stack that may be dead, for which the sanitizers have no words. */
__attribute__((no_sanitize("address"))) static bool overwritten(const struct flight *fl)
{
    return *fl->mark != fl->token;
}

/*
 * Left by longjmp are flights whose frame lies at or below the current one (an outer one lies above), and
 * those whose frame has been overwritten, whatever is called from now. The former may still be wanted when
 * there are several stacks: they are put aside, and freed once overwritten.
 */
void compute_forget_left(struct thread *t, uintptr_t frame)
{
    while (t->top != NULL && (t->top->frame <= frame || overwritten(t->top))) {
        struct flight *fl = t->top;
        flight_set_top(t, fl->outer);
        body_abandoned(t, fl);
        fl->aside = true;
        fl->outer = t->aside;
        t->aside = fl;
    }
    for (struct flight **at = &t->aside; *at != NULL;) {
        struct flight *fl = *at;
        if (!overwritten(fl)) {
            at = &fl->outer;
            continue;
        }
        *at = fl->outer;
        flight_unref(fl);
    }
}

void compute_thread_ends(struct thread *t)
{
    while (t->top != NULL)
        compute_abandon();
    while (t->aside != NULL) {
        struct flight *fl = t->aside;
        t->aside = fl->outer;
        if (!alive_dead())
            flight_unref(fl);
    }
}
