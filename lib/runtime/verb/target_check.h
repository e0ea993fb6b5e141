/*
 * target_check.h - the targets of writers, known at start-up: one that names a function there is not, or not
 * so, can never match anything, and that is told rather than passed over.
 */
#ifndef RUNTIME_TARGET_CHECK_H
#define RUNTIME_TARGET_CHECK_H

#include <stdbool.h>

/* The api's. */
void target_check_add(const char *writer, const char *format);
/* Once the program's functions are known: tells option_complain() of each hopeless target once. */
void target_check_run(void);

bool target_check_is_writer(const char *name); /* is one called so? */

#endif
