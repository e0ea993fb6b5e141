#include "writer.h"
#include "runtime/compute/body.h"
#include "runtime/cache/audit.h"
#include "runtime/registry/door.h"

#include <errno.h>

/* Not on the stack: a longjmp may leave it behind, and swrcache_fail() must not write into what came after.
 */
struct writer_call {
    struct frame frame; /* first: frame.h */
    const struct swrcache_writer *writer;
    const struct swrcache_arg *args;
    bool failed;
};

/* What the writer changes is known to be its doing. */
static void tell(const struct swrcache_writer *writer, const struct swrcache_arg *args)
{
    const char *before = audit_caller(writer->name);
    writer->tell(args);
    audit_caller(before);
}

static void unwound(struct thread *t, struct frame *frame)
{
    struct writer_call w = *(struct writer_call *)frame;
    (void)t;
    os_free(frame);
    struct outside o = door_out();
    tell(w.writer, w.args);
    door_in(&o);
}

static void left(struct thread *t, struct frame *frame)
{
    (void)t;
    os_free(frame);
}

/* The thread on which it ends tells its targets; whether it failed it cannot ask any more. */
static void *moved(struct frame *frame)
{
    return frame;
}

static void after(struct thread *mine, void *given)
{
    (void)mine;
    (void)given;
}

static const struct frame_kind writing = {false, unwound, left, moved, after};

static struct writer_call *begin(struct thread *t, const struct swrcache_writer *writer,
                                 const struct swrcache_arg *args)
{
    frame_forget_left(t, (uintptr_t)__builtin_frame_address(0));
    struct writer_call *w = os_alloc(sizeof *w);
    if (w != NULL)
        *w = (struct writer_call){
            .frame = {.kind = &writing, .name = writer->name}, .writer = writer, .args = args};
    return w;
}

/* Did it fail? One given up meanwhile did not: with several stacks what lies lower is not always what was
 * left. */
static bool run_body(struct visit *visit, struct writer_call *w, void *result)
{
    struct body body = {.thread = visit->thread,
                        .frame = &w->frame,
                        .run = w->writer->run,
                        .args = w->args,
                        .result = result};
    errno = visit->error;
    bool whole = body_run(&body), failed = whole && w->failed;
    visit->error = body.error;
    if (whole)
        os_free(w);
    return failed;
}

void writer_run(const struct swrcache_writer *writer, const struct swrcache_arg *args, void *result)
{
    struct visit visit;
    bool inside = door_enter(&visit), failed = false;
    struct writer_call *w = inside ? begin(visit.thread, writer, args) : NULL;
    if (w != NULL) {
        failed = run_body(&visit, w, result);
    } else {
        if (inside)
            door_leave(&visit);
        writer->run(args, result);
        inside = door_enter(&visit);
    }
    /* To tell too much costs a computation, too little gives a wrong answer. */
    if (inside)
        door_leave(&visit);
    if (!failed)
        tell(writer, args);
    errno = visit.error;
}

bool writer_fail(void)
{
    struct thread *t = thread_current;
    uintptr_t at = (uintptr_t)__builtin_frame_address(0);
    struct frame *f = t != NULL ? t->frames : NULL;
    while (f != NULL && f->kind == &writing && f->at <= at)
        f = f->outer;
    if (f == NULL || f->kind != &writing)
        return false;
    ((struct writer_call *)f)->failed = true;
    return true;
}
