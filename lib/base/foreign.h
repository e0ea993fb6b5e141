/*
 * foreign.h - memory of the host that may be gone, looked at by the kernel: stacks that somebody else unmaps.
 * By system calls that every program makes, so that no filter of them takes offence.
 */
#ifndef BASE_FOREIGN_H
#define BASE_FOREIGN_H

#include <stdbool.h>
#include <stdint.h>

/* Is the word there, and this? */
bool foreign_word_is(const volatile uint32_t *word, uint32_t value);
/* Is all that lies between readable? */
bool foreign_readable(uintptr_t low, uintptr_t high);

#endif
