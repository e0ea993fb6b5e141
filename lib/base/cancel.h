/*
 * cancel.h - parts that must not be left by cancellation. The type as well as the state: the signal that
 * cancels asynchronously may be on its way when the state is changed, and glibc then looks at the type alone.
 * For the same reason syscall() is called in such a part instead of libc's cancellation points: in these
 * glibc makes the type asynchronous for a while, and a signal that comes late cancels although the state says
 * no.
 */
#ifndef BASE_CANCEL_H
#define BASE_CANCEL_H

#include <pthread.h>

struct cancel {
    int type, state;
};

static inline void cancel_off(struct cancel *was)
{
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &was->type);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &was->state);
}

static inline void cancel_back(const struct cancel *was)
{
    pthread_setcancelstate(was->state, NULL);
    pthread_setcanceltype(was->type, NULL);
}

#endif
