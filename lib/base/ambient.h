/*
 * ambient.h - what a body may leave changed on the thread that ran it: signal mask, locale, cancelability,
 * floating-point environment. A worker gives each body the same as the one before.
 */
#ifndef BASE_AMBIENT_H
#define BASE_AMBIENT_H

#include <locale.h>
#include <signal.h>
#include <stdint.h>

struct ambient {
    sigset_t mask;
    locale_t locale;
    int cancel_state, cancel_type;
    uint64_t rounding; /* and exception masks: MXCSR, or FPCR */
    uint16_t x87;
};

void ambient_save(struct ambient *a);
void ambient_restore(const struct ambient *a);

#endif
