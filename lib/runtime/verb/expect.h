/*
 * expect.h - the targets of writers, known at start-up: one that names a function there is not, or not so,
 * can never match anything, and that is told rather than passed over.
 */
#ifndef RUNTIME_EXPECT_H
#define RUNTIME_EXPECT_H

#include <stdbool.h>

/* The api's. */
void expect_target(const char *writer, const char *format);
/* Once the program's functions are known: tells option_complain() of each hopeless target once. */
void expect_check(void);

bool expect_writer(const char *name); /* is one called so? */

void expect_fork_prepare(void);
void expect_fork_release(void);

#endif
