/*
 * shelter.h - parts that must not be left in the middle: where a lock is held, or a list is half changed.
 *
 * Left they could be by cancellation, and by siglongjmp() out of a signal handler of the host: so signals are
 * held back, and a jump comes a little later. It costs two system calls, hence hits do without (door.h).
 *
 * Those that an instruction itself raises are not held back: the kernel would kill the process. No lock is
 * held where memory of the user is read.
 *
 * Of cancellation the type is changed as well as the state: the signal that cancels asynchronously may be on
 * its way when the state is changed, and glibc then looks at the type alone. For the same reason syscall() is
 * called in such a part instead of libc's cancellation points: in these glibc makes the type asynchronous for
 * a while, and a signal that comes late cancels although the state says no.
 */
#ifndef BASE_SHELTER_H
#define BASE_SHELTER_H

#include <pthread.h>
#include <stdint.h>

/* What the host has while it is taken: its own where this is nested. */
struct shelter {
    uint64_t signals;
    int cancel_type, cancel_state;
};

void shelter_take(struct shelter *host);
void shelter_give(const struct shelter *host);
/* The same without signals, for threads of our own, which have them blocked. */
void shelter_take_own(struct shelter *host);
void shelter_give_own(const struct shelter *host);

#endif
