/*
 * shadow.h - mode shadow: what is served is compared with what the function gives.
 *
 * One hit in SHADOW_SAMPLE, in the thread that called: the function runs once more, beside the answer, which
 * the caller gets all the same. So a caller is slowed by a call of the function in one hit of so many, and
 * not at all in the others. Every refresh is compared too, where it runs. Where, from SHADOW_ENOUGH answers
 * on, more than one in SHADOW_BOUND differed, caching ends: mode off.
 *
 * What fails or throws says nothing about what is remembered, and is not counted.
 */
#ifndef RUNTIME_SHADOW_H
#define RUNTIME_SHADOW_H

#include "flight.h"

enum { SHADOW_SAMPLE = 16 };

/* After a call that `result` and the out-arguments came of. */
void shadow_call(struct thread *t, struct function *f, const struct swrcache_arg *args, const void *result);

/*
 * Before a refresh of `e`: its out-arguments begin with what is remembered, so that what the function leaves
 * unwritten is no difference.
 */
void shadow_prefill(struct function *f, struct entry *e, const struct swrcache_arg *args);
/* After it, no lock held: fl->before with what came of it. The caller's references to both stay its. */
void shadow_refreshed(struct function *f, struct flight *fl, struct entry *now,
                      const struct swrcache_arg *args);

#endif
