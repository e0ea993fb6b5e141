/*
 * shadow.h - mode shadow: what is served is compared with what the function gives.
 *
 * One hit in SHADOW_SAMPLE, in the thread that called: the function runs once more, beside the answer, which
 * the caller gets all the same. So a caller is slowed by a call of the function in one hit of so many, and
 * not at all in the others. Every refresh is compared too, where it runs. Three things are counted apart:
 *
 *   differed   the answer was fresh, and nothing came in between, and yet the function gives something else.
 *              Too many of those end the caching: mode off (mode.h says how many)
 *   outdated   the answer was stale: its age allows it
 *   changed    a refresh brought a new value
 *
 * What fails or throws says nothing about what is remembered, and is not counted; nor is an answer past its
 * stale time, which is served because the function failed or took too long: it is left in peace.
 */
#ifndef RUNTIME_SHADOW_H
#define RUNTIME_SHADOW_H

#include "flight.h"

enum { SHADOW_SAMPLE = 16 };

/* After a call that `result` and the out-arguments came of. `keyed`: what its key was made of, NULL if that
 * is gone. */
void shadow_call(struct thread *t, struct function *f, const struct swrcache_arg *args,
                 const struct swrcache_arg *keyed, const void *result);

/*
 * Before a refresh of `e`: its out-arguments begin with what is remembered, so that what the function leaves
 * unwritten is no difference.
 */
void shadow_prefill(struct function *f, struct entry *e, const struct swrcache_arg *args);
/* After it, no lock held: fl->before with what came of it. The caller's references to both stay its. */
void shadow_refreshed(struct function *f, struct flight *fl, struct entry *now,
                      const struct swrcache_arg *args);

#endif
