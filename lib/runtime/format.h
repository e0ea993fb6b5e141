/*
 * format.h - targets by printf: what comes in through the format is data, never syntax.
 *
 * In a quoted argument data is escaped as print.h writes a string, `*` and `?` with a backslash; outside of
 * quotes, among a call's arguments, a %s is quoted first; elsewhere (tag:, event:, region:, a name) what is
 * no letter, digit or underscore gets a backslash. Numbers go in as they are.
 */
#ifndef RUNTIME_FORMAT_H
#define RUNTIME_FORMAT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* False: too long, or a directive that is not supported; `error` says which. */
bool format_target(char *buffer, size_t room, const char *format, va_list args, char *error,
                   size_t error_room);
/* A plain name: nothing is escaped. False: too long. */
bool format_name(char *buffer, size_t room, const char *format, va_list args);

#endif
