/*
 * target_api.h - the api's verbs by a printf format that makes a target: what is wrong with it is told to
 * option_complain(), and nothing is printed.
 */
#ifndef RUNTIME_TARGET_API_H
#define RUNTIME_TARGET_API_H

#include "runtime/verb/apply.h"

/* The api's: nothing is printed, what is wrong is told to option_complain(). In a batch: noted, and counted.
 */
size_t target_verb(enum swrcache_operation operation, const char *format, va_list args);
size_t target_emit(const char *format, va_list args);

#endif
