/*
 * renew.h - a function whose object was unloaded and is loaded anew: its counters, and what was set for it,
 * are as they were; what it answered before is not.
 */
#ifndef RUNTIME_RENEW_H
#define RUNTIME_RENEW_H

#include "runtime/registry/function.h"

/*
 * Between function_learn() and function_learnt(): one that is left by its code and says the same as this
 * site, which now has the code of the other. NULL: there is none.
 */
struct function *renew_found(const struct swrcache_site *site);

#endif
