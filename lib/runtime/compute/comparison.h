/*
 * comparison.h - a flight beside an answer: the function runs once more to see what it gives.
 *
 * It is listed by the answer's key, so that verbs fence it as any computation, but nobody joins it and
 * nothing of it is stored. As long as it is open it tells whether the answer was still to be trusted: nothing
 * has invalidated or expired it by its key, its function, its tags or what it was computed from, nor what the
 * body saw.
 */
#ifndef RUNTIME_COMPARISON_H
#define RUNTIME_COMPARISON_H

#include "flight.h"

/*
 * Of the entry of that shape that an answer just came from; `keyed`: what its key is made of. It is in
 * `before`. NULL: the entry is gone, or no memory.
 */
struct flight *comparison_open(struct function *f, const struct swrcache_arg *keyed, uint64_t shape);
/* Something came in between, after the answer. */
bool comparison_disturbed(struct flight *fl);
/* The reference goes. */
void comparison_close(struct flight *fl);
void comparison_back(void *fl); /* the same, of a loan */

#endif
