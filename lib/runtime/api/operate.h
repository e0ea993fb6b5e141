/* operate.h */
#ifndef RUNTIME_OPERATE_H
#define RUNTIME_OPERATE_H

#include "runtime/registry/function.h"

bool call_peek(struct swrcache_site *site, const struct swrcache_arg *args, void *result);

size_t call_operate(struct swrcache_site *site, enum swrcache_operation operation,
                    const struct swrcache_arg *args);

#endif
