/*
 * body.h - a body is run: from the frame of guard.h, outside the runtime, as the innermost of its thread.
 */
#ifndef RUNTIME_BODY_H
#define RUNTIME_BODY_H

#include "frame.h"

struct body {
    struct thread *thread; /* inside, and holding the shelter */
    struct frame *frame;
    void (*run)(const struct swrcache_arg *args, void *result);
    const struct swrcache_arg *args;
    void *result;
    bool catches; /* exceptions end here */
    /* What is asked of the user's code about the result, as part of the body; inside, with the shelter. NULL:
     * nothing */
    void (*ended)(struct body *b);
    bool keeps;        /* the result may be stored */
    struct loan *loan; /* what `ended` leaves in memory of ours */
    uint64_t token;    /* the frame's */
    /* How it ended. */
    int error;  /* its errno */
    bool threw; /* an exception that was caught */
    bool said_failed;
    size_t encoded_len;
};

/*
 * False: nothing of what is under way may be touched any more, but the result is there. The frame was
 * given up meanwhile, or the body came back on another thread, or this is a child that fork() did not
 * prepare.
 */
bool body_run(struct body *b);

#endif
