/*
 * observe.h - mode observe: the function runs uncached, and what caching would have brought is noted.
 */
#ifndef RUNTIME_OBSERVE_H
#define RUNTIME_OBSERVE_H

#include "runtime/compute/custom_key.h"
#include "runtime/registry/observation.h"

/* `keyed`: what the key is made of; `custom_key` (may be NULL) is given back before the function runs. */
void observe_call(struct thread *t, struct function *f, const struct swrcache_arg *args,
                  const struct swrcache_arg *keyed, struct custom_key *custom_key, void *result);

#endif
