/*
 * site.h - what an annotation says, in memory of the runtime: the object that said it may be unloaded.
 *
 * Everything is copied but code, which stays where it is: run, copy, release, clear, round, and the policy's
 * failed, unless, version_of, key and codec.
 */
#ifndef RUNTIME_SITE_H
#define RUNTIME_SITE_H

#include "swrcache/abi.h"

/* One piece of memory, for os_free(); its policy has all fields of this runtime's. NULL: no memory. */
struct swrcache_site *site_copy(const struct swrcache_site *site);
/* Its policy with all fields, those that it lacks unset. */
void site_policy(const struct swrcache_site *site, struct swrcache_policy *policy);
/*
 * Do both say the same of a function, but for its code and for what can change while it is known: settings,
 * its version, the mode it begins in, where in its file it stands?
 */
bool site_alike(const struct swrcache_site *mine, const struct swrcache_site *other);
/* One that is alike comes in its place: what may differ is taken over. */
void site_renew(struct swrcache_site *mine, const struct swrcache_site *other);

#endif
