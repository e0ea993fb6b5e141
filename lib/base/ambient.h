/*
 * ambient.h - what a thread has around the code that it runs. Of ours each begins with what the program
 * began with, whoever happened to start it: processors, scheduling, floating-point environment. And a worker
 * gives each body the same as the one before: a body may leave its signal mask, locale, cancelability and
 * floating-point environment changed.
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

/* First thing in a thread of ours. `name` is what tools show, of at most 15 letters. What may not be changed
 * stays as it was inherited. */
void ambient_begin(const char *name);

void ambient_save(struct ambient *a);
void ambient_restore(const struct ambient *a);

#endif
