/*
 * fence.h - when marks (mark.h) were last invalidated, or their value changed, in numbers of time.
 *
 * What is being computed is in no list yet: a computation notes fence_now() when it begins, and what was
 * fenced since is seen at its end. The fences are a table that marks share: a computation may be taken for
 * older than it is, and is computed once more, never the other way round.
 */
#ifndef CORE_FENCE_H
#define CORE_FENCE_H

#include <stdbool.h>
#include <stdint.h>

uint64_t fence_now(void);
/* The mark is invalidated now; gives the number. */
uint64_t fence_raise(uint64_t id);
/* Its value is another from now on; 0: not by a new value, it was expired. */
void fence_changed(uint64_t id, uint64_t digest);
/* The number at which it was last invalidated if that was after `since`, else 0. */
uint64_t fence_since(uint64_t id, uint64_t since);
/* Whether after `since` it was expired, or changed to another value than `digest` (0: whatever). */
bool fence_differs(uint64_t id, uint64_t digest, uint64_t since);

#endif
