#include "writer.h"
#include "runtime/compute/flight.h"
#include "runtime/compute/guard.h"
#include "runtime/cache/audit.h"
#include "base/alive.h"

#include <errno.h>

/*
 * Not on the stack: a longjmp may leave it behind, and swrcache_fail() must not write into what came after.
 * Whether the frame is still there is seen by a word in it, as with flights.
 */
struct writer_call {
    struct writer_call *outer;
    struct flight *within; /* the computation that called the writer, NULL: none */
    uintptr_t frame;
    volatile uint64_t *mark;
    uint64_t token;
    const struct swrcache_writer *writer;
    const struct swrcache_arg *args;
    struct cancel cancel; /* the host's: it is off but in the body */
    bool failed;
};

/* What the writer changes is known to be its doing. */
static void tell(const struct swrcache_writer *writer, const struct swrcache_arg *args)
{
    const char *before = audit_caller(writer->name);
    writer->tell(args);
    audit_caller(before);
}

static void pop(struct thread *t)
{
    struct writer_call *w = t->writers;
    t->writers = w->outer;
    os_free(w);
}

void writer_forget_left(struct thread *t, uintptr_t frame)
{
    while (t->writers != NULL && t->writers->frame <= frame)
        pop(t);
}

static uint64_t push(struct thread *t, const struct writer_call *call)
{
    /* In a signal handler that interrupted the runtime the allocator's lock may be taken. */
    if (t == NULL || t->busy || alive_dead())
        return 0;
    writer_forget_left(t, call->frame);
    struct writer_call *w = os_alloc(sizeof *w);
    if (w == NULL)
        return 0;
    *w = *call;
    w->outer = t->writers;
    w->within = t->top;
    w->token = ++t->tokens << 16 | 1;
    t->writers = w;
    return w->token;
}

/*
 * Ends the call; says whether it failed. It may be gone: with several stacks on one thread what lies lower is
 * not always what was left. To tell too much costs a computation, too little gives a wrong answer.
 */
static bool take_out(struct thread *t, uint64_t token)
{
    for (struct writer_call **at = &t->writers; *at != NULL; at = &(*at)->outer)
        if ((*at)->token == token) {
            struct writer_call *w = *at;
            bool failed = w->failed;
            *at = w->outer;
            os_free(w);
            return failed;
        }
    return false;
}

/* In the guard's frame: whoever is cancelled in here has the targets told, before and after no cancellation
 * is. */
static void run_body(const struct swrcache_arg *args, void *result)
{
    const struct writer_call *w = thread_current->writers;
    struct cancel cancel = w->cancel;
    cancel_back(&cancel);
    w->writer->run(args, result);
    cancel_off(&cancel);
}

void writer_run(const struct swrcache_writer *writer, const struct swrcache_arg *args, void *result)
{
    int saved = errno;
    volatile uint64_t mark = 0;
    struct thread *t = thread_current != NULL ? thread_current : thread_join();
    struct writer_call call = {
        .frame = (uintptr_t)__builtin_frame_address(0), .mark = &mark, .writer = writer, .args = args};
    cancel_off(&call.cancel);
    uint64_t token = push(t, &call);
    mark = token;
    errno = saved;
    if (token == 0) {
        cancel_back(&call.cancel);
        writer->run(args, result);
        cancel_off(&call.cancel);
    } else {
        guard_call(run_body, args, result);
    }
    saved = errno;
    mark = 0;
    if (token == 0 || !take_out(t, token))
        tell(writer, args);
    cancel_back(&call.cancel);
    errno = saved;
}

bool writer_fail(void)
{
    struct thread *t = thread_current;
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    struct writer_call *w = t != NULL ? t->writers : NULL;
    while (w != NULL && w->frame <= frame)
        w = w->outer;
    if (w == NULL || w->within != t->top)
        return false;
    w->failed = true;
    return true;
}

bool writer_leave(void)
{
    struct thread *t = thread_current;
    while (t != NULL && t->writers != NULL && *t->writers->mark != t->writers->token)
        pop(t);
    struct writer_call *w = t != NULL ? t->writers : NULL;
    if (w == NULL || w->within != t->top)
        return false;
    const struct swrcache_writer *writer = w->writer;
    const struct swrcache_arg *args = w->args;
    pop(t);
    tell(writer, args);
    return true;
}
