#define _GNU_SOURCE
#include "ambient.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As the system has it: libc's headers name it in their own time. */
struct scheduling {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

enum { OF_THIS_THREAD = 1, UNKNOWN = -1 };

/* What the program began with: written by the constructor, then constant. */
static struct {
    struct ambient floating;
    struct scheduling scheduling;
    cpu_set_t processors;
    long processors_size; /* UNKNOWN: not told, or more than there is room for */
    long scheduling_known, slack, io_priority;
} began = {.processors_size = UNKNOWN, .scheduling_known = UNKNOWN, .slack = UNKNOWN, .io_priority = UNKNOWN};

/* By hand: fegetenv() would make every host load libm. */
static void float_save(struct ambient *a)
{
#if defined(__x86_64__)
    uint32_t mxcsr;
    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(a->x87));
    a->rounding = mxcsr;
#elif defined(__aarch64__)
    __asm__ volatile("mrs %0, fpcr" : "=r"(a->rounding));
#endif
}

static void float_restore(const struct ambient *a)
{
#if defined(__x86_64__)
    uint32_t mxcsr = (uint32_t)a->rounding;
    /* Exceptions raised meanwhile go first: loaded control words that unmask them would trap. */
    __asm__ volatile("fnclex\n\tldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(a->x87));
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(a->rounding));
#endif
}

void ambient_save(struct ambient *a)
{
    *a = (struct ambient){0};
    pthread_sigmask(SIG_SETMASK, NULL, &a->mask);
    a->locale = uselocale((locale_t)0);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &a->cancel_state);
    pthread_setcancelstate(a->cancel_state, NULL);
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &a->cancel_type);
    pthread_setcanceltype(a->cancel_type, NULL);
    float_save(a);
}

void ambient_restore(const struct ambient *a)
{
    pthread_sigmask(SIG_SETMASK, &a->mask, NULL);
    uselocale(a->locale);
    pthread_setcanceltype(a->cancel_type, NULL);
    pthread_setcancelstate(a->cancel_state, NULL);
    float_restore(a);
}

/* Real-time scheduling is for the program's own threads. */
static bool in_real_time(const struct scheduling *s)
{
    return s->policy != SCHED_OTHER && s->policy != SCHED_BATCH && s->policy != SCHED_IDLE;
}

__attribute__((constructor)) static void note(void)
{
    int saved = errno;
    float_save(&began.floating);
    began.processors_size = syscall(SYS_sched_getaffinity, 0, sizeof began.processors, &began.processors);
    began.scheduling_known = syscall(SYS_sched_getattr, 0, &began.scheduling, sizeof began.scheduling, 0);
    began.slack = prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL);
    began.io_priority = syscall(SYS_ioprio_get, OF_THIS_THREAD, 0);
    if (in_real_time(&began.scheduling))
        began.scheduling = (struct scheduling){.policy = SCHED_OTHER};
    errno = saved;
}

static void begin_processors(void)
{
    cpu_set_t now;
    long size = syscall(SYS_sched_getaffinity, 0, sizeof now, &now);
    if (began.processors_size > 0 && size > 0 &&
        (size != began.processors_size || memcmp(&now, &began.processors, (size_t)size) != 0))
        syscall(SYS_sched_setaffinity, 0, (size_t)began.processors_size, &began.processors);
}

static void begin_scheduling(void)
{
    struct scheduling now = {0}, wanted = {.size = sizeof wanted};
    if (began.scheduling_known != 0 || syscall(SYS_sched_getattr, 0, &now, sizeof now, 0) != 0)
        return;
    wanted.policy = began.scheduling.policy;
    wanted.nice = began.scheduling.nice;
    if (now.policy == wanted.policy && now.nice == wanted.nice)
        return;
    if (syscall(SYS_sched_setattr, 0, &wanted, 0) != 0 && now.policy != wanted.policy) {
        /* Who made itself nicer may not take that back, but for the policy. */
        wanted.nice = now.nice;
        syscall(SYS_sched_setattr, 0, &wanted, 0);
    }
}

void ambient_begin(const char *name)
{
    int saved = errno;
    prctl(PR_SET_NAME, name, 0UL, 0UL, 0UL);
    begin_scheduling();
    begin_processors();
    if (began.slack > 0 && prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL) != began.slack)
        prctl(PR_SET_TIMERSLACK, (unsigned long)began.slack, 0UL, 0UL, 0UL);
    if (began.io_priority >= 0 && syscall(SYS_ioprio_get, OF_THIS_THREAD, 0) != began.io_priority)
        syscall(SYS_ioprio_set, OF_THIS_THREAD, 0, began.io_priority);
    float_restore(&began.floating);
    errno = saved;
}
