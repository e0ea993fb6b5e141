/*
 * digest.h - whether two results of a function say the same: by type, not by their bytes in memory.
 *
 * A digest stands for a result with its out-parameters: numbers by value (a float's two zeros are one, so are
 * all that are no number), strings by their characters, objects by what their codec makes of them.
 */
#ifndef RUNTIME_DIGEST_H
#define RUNTIME_DIGEST_H

#include "runtime/registry/thread.h"

/*
 * Of what a call left, or of what an entry holds; `bytes` (may be NULL) what it takes. A codec is the user's
 * code: no lock may be held. False: no memory.
 */
bool digest_of_result(struct function *f, const struct swrcache_arg *args, const void *result,
                      uint64_t *digest, uint64_t *bytes);
bool digest_of_entry(struct function *f, struct entry *e, const struct swrcache_arg *args, uint64_t *digest);

#endif
