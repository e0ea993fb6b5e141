/*
 * frame.h - the user's code under way on a thread, one chain: computations, refreshes, comparisons, writers.
 *
 * Each has a frame, which lies in what is under way (a flight, a writer's call) and not on the stack: a
 * longjmp may leave the stack behind. Left are frames that lie at or below a later call, and those whose
 * canary, a word on the stack of who ran them, was overwritten. With several stacks on one thread both may be
 * wrong: a body that comes back finds its frame by its token, or finds that it was given up. So does one that
 * comes back on another thread, which has no business in the chain of the first but to say so.
 */
#ifndef RUNTIME_FRAME_H
#define RUNTIME_FRAME_H

#include "runtime/registry/thread.h"

struct frame;

struct frame_kind {
    bool computes; /* what is called within belongs to it: thread.top. It is a flight's first member */
    /* Out of the chain, these have to end it. Unwound: by an exception, cancellation or pthread_exit(). */
    void (*unwound)(struct thread *t, struct frame *frame);
    void (*left)(struct thread *t, struct frame *frame); /* by longjmp, or with its thread */
    /* In the chain, and to stay there: it came back on another thread. Its lock is held. What it gives is
     * passed to `after` once the lock is given back. */
    void *(*moved)(struct frame *frame);
    void (*after)(struct thread *mine, void *given);
};

/* Its thread alone writes it, under the thread's frames_lock what others look at. */
struct frame {
    struct frame *outer; /* frames_lock */
    const struct frame_kind *kind;
    const char *name; /* the function's */
    uintptr_t at;     /* stack address of who ran it */
    const volatile uint64_t *canary;
    uint64_t token; /* what stands there */
    bool aside;
    bool moved; /* frames_lock */
};

/* The frame becomes the innermost. */
void frame_push(struct thread *t, struct frame *frame, volatile uint64_t *canary);
/* Its body came back: it is taken out. False: it had been given up, and may be gone. */
bool frame_pop(struct thread *t, struct frame *frame, uint64_t token);

/* False: it has been given up, and may be gone. */
bool frame_is_there(struct thread *t, const struct frame *frame, uint64_t token);

/* Its body came back, but not on the thread `t` on which it began. Called outside the runtime. */
void frame_moved(struct thread *t, struct frame *frame, uint64_t token);

/* The innermost was left without returning. Runs inside the unwinder. */
void frame_unwound(void);
/* What was left by longjmp, seen from a call at `at`, is given up. */
void frame_forget_left(struct thread *t, uintptr_t at);
/* Given up, but its memory is kept until nobody can come back for it: then `left` is called once more. */
void frame_put_aside(struct thread *t, struct frame *frame);
/* Any thread: something is under way there that computes nothing, but changes what computations read. */
bool frame_changes(struct thread *t);
/* Everything; in what is put aside, too. */
void frame_forget_all(struct thread *t);

#endif
