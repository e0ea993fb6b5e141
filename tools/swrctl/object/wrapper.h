/*
 * wrapper.h - the shared object that stands before the wrapped functions: stubs and slots (interpose/slot.h).
 */
#ifndef SWRCTL_WRAPPER_H
#define SWRCTL_WRAPPER_H

#include "rule/declaration.h"
#include "machine.h"

struct wrapper {
    uint8_t *bytes; /* malloc'ed; NULL: no memory */
    size_t len;
    char name[64]; /* of the file: libswrcache-wrap-<what it says>.so */
    size_t rule;   /* what is wrong is in this one; `count`: in none */
};

/*
 * Rules of one function and version share a stub, in their order. `hook`: dlsym() is wrapped too, so that
 * functions looked up at run time are found. `why`: what is wrong, such as two rules of one function that
 * disagree.
 */
bool wrapper_make(const struct declaration *rules, size_t count, const struct machine *machine, bool hook,
                  struct wrapper *w, char *why, size_t room);

#endif
