/*
 * complaint.h - what was ignored, and why: the first lines are remembered for `swrctl stats`, and all are
 * appended to the file that SWR_LOG names. Any thread; the lock is innermost of all.
 */
#ifndef RUNTIME_COMPLAINT_H
#define RUNTIME_COMPLAINT_H

#include <stdbool.h>
#include <stdint.h>

/* Remembers one line about something ignored (copied, the first 32 kept) and appends it to SWR_LOG. */
void option_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line that may not hold for long: into that file alone. */
void option_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

const char *option_complaint(uint32_t i); /* NULL past the last */

/* From here on each is written to that file too; NULL: to none. */
void option_complain_to(const char *file);

#endif
