/* target.h - functions of a library, as a program calls them: plain, annotated, and plain ones to be wrapped.
 */
#ifndef SWRBENCH_TARGET_H
#define SWRBENCH_TARGET_H

#include <stdint.h>

int64_t swrbench_plain(int64_t key);
int64_t swrbench_annotated(int64_t key);
int64_t swrbench_wrapped(int64_t key);

int64_t swrbench_plain_text(const char *key);
int64_t swrbench_annotated_text(const char *key);
int64_t swrbench_wrapped_text(const char *key);

#endif
