#define _GNU_SOURCE
#include "ambient.h"

#include <pthread.h>

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
