/* active.h - is this a program whose lookups may be cached at all? */
#ifndef NAMES_ACTIVE_H
#define NAMES_ACTIVE_H

#include <stdbool.h>

/* Asked once at the start. */
bool active_program(void);
/* PAM came into the process since the last time this was asked. */
bool active_pam(void);

#endif
