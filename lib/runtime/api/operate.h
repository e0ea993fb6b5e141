/*
 * operate.h - the api's verbs on one call's arguments, or on all of a function: invalidate, expire, refresh,
 * and peek, which reads without computing.
 */
#ifndef RUNTIME_OPERATE_H
#define RUNTIME_OPERATE_H

#include "runtime/registry/function.h"

bool operate_peek(struct swrcache_site *site, const struct swrcache_arg *args, void *result);

size_t operate_run(struct swrcache_site *site, enum swrcache_operation operation,
                   const struct swrcache_arg *args);

#endif
