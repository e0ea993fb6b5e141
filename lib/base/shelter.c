#define _GNU_SOURCE
#include "shelter.h"
#include "sync.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(signal) (UINT64_C(1) << ((signal)-1))

/* Besides those of instructions: the two that glibc sends to threads, which would wait for the answer. */
static const uint64_t held_back = ~(BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL) | BIT(SIGTRAP) |
                                    BIT(SIGSYS) | BIT(32) | BIT(33));

/* Not by pthread_sigmask(): a sanitizer has its own ideas of it, and a wrapper of the host may be in the way.
 */
static void mask(int how, const uint64_t *set, uint64_t *old)
{
    int saved = errno;
    syscall(SYS_rt_sigprocmask, how, set, old, sizeof *set);
    errno = saved;
}

void shelter_take_own(struct shelter *host)
{
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &host->cancel_type);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &host->cancel_state);
}

void shelter_give_own(const struct shelter *host)
{
    pthread_setcancelstate(host->cancel_state, NULL);
    pthread_setcanceltype(host->cancel_type, NULL);
}

void shelter_take(struct shelter *host)
{
    mask(SIG_BLOCK, &held_back, &host->signals);
    shelter_take_own(host);
}

void shelter_give(const struct shelter *host)
{
    /* The record may lie in what a handler's call uses next. */
    uint64_t signals = host->signals;
    shelter_give_own(host);
    SYNC_POINT("shelter.given");
    mask(SIG_SETMASK, &signals, NULL);
}
