/*
 * region_api.h - the api's words about regions: the policy that a region hands down, the events it hears.
 */
#ifndef RUNTIME_REGION_API_H
#define RUNTIME_REGION_API_H

#include "runtime/registry/region.h"

/* The api's. */
void region_policy(const char *name, const struct swrcache_policy *policy, size_t policy_size);

bool region_on(const char *name, const char *event, enum swrcache_operation operation);

#endif
