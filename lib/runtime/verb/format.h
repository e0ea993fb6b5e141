/*
 * format.h - targets by printf: what comes in through the format is data, never syntax.
 *
 * In a quoted argument data is escaped as print.h writes a string, `*` and `?` with a backslash; outside of
 * quotes, among a call's arguments, a %s is quoted first and a %c likewise; elsewhere (tag:, event:, region:,
 * a name) what is no letter, digit or underscore gets a backslash. Numbers go in as they are, with a point
 * in any locale; a %f, %e or %g without a precision that is all of an argument as the number that it is. NULL
 * is the value NULL where a %s or "%s" is all of an argument, "(null)" elsewhere.
 */
#ifndef RUNTIME_FORMAT_H
#define RUNTIME_FORMAT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * WRONG: too long, or a directive that is not supported; `error` says which. WHOLE: a call with arguments
 * that are too long to write; its function is left in the buffer, for all of it contains that call.
 */
enum format_result { FORMAT_WRONG, FORMAT_DONE, FORMAT_WHOLE, FORMAT_NO_MEMORY };
enum format_result format_target(char *buffer, size_t room, const char *format, va_list args, char *error,
                                 size_t error_room);
/* What such a target looks like, with an x for each text and 0 for each number. */
bool format_sample(char *buffer, size_t room, const char *format, char *error, size_t error_room);
/* The name of a tag or an event by itself, written as in a target but with nothing escaped. */
bool format_name(char *buffer, size_t room, const char *format, va_list args, char *error, size_t error_room);

#endif
